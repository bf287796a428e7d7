import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { assert } from '../../kernel/assert.ts'
import type { Clock } from '../../kernel/clock.ts'
import { sha256 } from '../../kernel/hash.ts'
import { systemCode } from '../../origin/errors.ts'
import { DEMO_PICTURES } from '../../contract/demo-ids.ts'
import type { DemoPicture } from '../../contract/demo-ids.ts'
import { drawOriginal } from './drawings.ts'

/**
 * The web server behind `sample.li`: gives the demo's pictures as `/<id>.jpg`, with validators as good origins have, and can switch
 * all of them to their next version, as if somebody had replaced the files.
 */
export class DemoOrigin {
  readonly #clock: Clock
  readonly #server: Server
  readonly #drawn = new Map<DemoPicture, Promise<Original>>()
  #version = 1
  #replacedAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#replacedAtMs = clock.wall()
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /** Listens on loopback, at the wished port where it is free. */
  async start(wishedPort: number): Promise<number> {
    try {
      await this.#listen(wishedPort)
    } catch (error) {
      if (wishedPort === 0 || !['EADDRINUSE', 'EACCES'].includes(systemCode(error) ?? ''))
        throw error
      await this.#listen(0)
    }
    const address = this.#server.address()
    assert(address !== null && typeof address === 'object', 'a listening server has a port')
    return address.port
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  replace(): number {
    this.#version++
    this.#replacedAtMs = this.#clock.wall()
    this.#drawn.clear()
    return this.#version
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    // A demo must not keep a process alive that wants to end.
    this.#server.unref()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = pictureOf(request.url ?? '')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
    } else if (id === null) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n')
    } else this.#send(request, response, await this.#original(id))
  }

  #send(request: IncomingMessage, response: ServerResponse, original: Original): void {
    const headers = {
      etag: original.etag,
      'last-modified': original.lastModified,
      'cache-control': 'max-age=60',
      'content-type': 'image/jpeg',
    }
    if (isFresh(request, original)) response.writeHead(304, headers).end()
    else {
      response.writeHead(200, { ...headers, 'content-length': original.bytes.length })
      response.end(request.method === 'HEAD' ? undefined : original.bytes)
    }
  }

  #original(id: DemoPicture): Promise<Original> {
    const drawn = this.#drawn.get(id) ?? drawVersion(id, this.#version, this.#replacedAtMs)
    this.#drawn.set(id, drawn)
    return drawn
  }
}

interface Original {
  readonly bytes: Buffer
  readonly etag: string
  readonly lastModified: string
}

async function drawVersion(id: DemoPicture, version: number, atMs: number): Promise<Original> {
  const bytes = await drawOriginal(id, version)
  const lastModified = new Date(atMs).toUTCString()
  return { bytes, etag: `"${sha256(bytes).slice(0, 32)}"`, lastModified }
}

/** The query belongs to the original and changes nothing here. */
function pictureOf(target: string): DemoPicture | null {
  const name = /^\/([A-Za-z0-9_-]+)\.jpg(?:\?|$)/.exec(target)?.[1]
  return DEMO_PICTURES.find((id) => id === name) ?? null
}

/** RFC 9110 §13.1: If-None-Match counts, and If-Modified-Since only without it. */
function isFresh(request: IncomingMessage, original: Original): boolean {
  const match = request.headers['if-none-match']
  if (match !== undefined) {
    return match
      .split(',')
      .some((tag) => ['*', original.etag].includes(tag.trim().replace(/^W\//, '')))
  }
  const since = Date.parse(request.headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && Date.parse(original.lastModified) <= since
}
