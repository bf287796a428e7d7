import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'

import { ApiError } from './errors.ts'
import type { ApiServer } from './parts.ts'
import { CONSOLE_CSP } from './security-headers.ts'

/** The built console: its files, and its one page for every address that it makes up itself. */

/** Vite names these by their content, so they never change. */
const HASHED = /^\/assets\//
const IMMUTABLE = 'public, max-age=31536000, immutable'

export async function serveConsole(app: ApiServer, folder: string | null): Promise<void> {
  if (folder === null) {
    app.get('/*', async () => {
      throw new ApiError('not-found', 'The console is not built here. The API is under /api/v1.')
    })
    return
  }
  // Registered only for `reply.sendFile`, which refuses every path outside the folder.
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    dotfiles: 'deny',
    index: false,
    cacheControl: false,
  })
  app.get('/*', { exposeHeadRoute: true }, async (request, reply) => {
    const path = request.url.split('?')[0]!
    void reply.header('content-security-policy', CONSOLE_CSP)
    if (wantsPage(request, path)) return sendPage(reply, folder)
    void reply.header('cache-control', HASHED.test(path) ? IMMUTABLE : 'no-cache')
    return reply.sendFile(decodeURIComponent(path).slice(1))
  })
}

/** An address without an extension is one of the console's own; a file that is missing is a 404, not a page. */
function wantsPage(request: FastifyRequest, path: string): boolean {
  if (path === '/' || path === '/index.html') return true
  const isApi = /^\/(?:api|internal|invalidate)(?:\/|$)/.test(path)
  const lastPart = path.slice(path.lastIndexOf('/') + 1)
  const accept = request.headers.accept ?? ''
  return !isApi && (accept.includes('text/html') || !lastPart.includes('.')) && !HASHED.test(path)
}

async function sendPage(reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const page = await readFile(join(folder, 'index.html')).catch((cause: unknown) => {
    throw new ApiError('not-found', 'The console is not built. Run: npm run build:console', {
      cause,
    })
  })
  return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page)
}
