import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import rangeParser from 'range-parser'

import { Asset, AssetPutQuery, PreviewQuery } from '../contract/api/assets.ts'
import { AssetsError } from '../assets/errors.ts'
import type { AssetUpload } from '../assets/assets.ts'
import type { AssetRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { known } from './asset-routes.ts'
import { callerOf, projectOf } from './guard.ts'
import { ApiError } from './errors.ts'
import { endsWith } from './node-routes.ts'
import type { ApiParts, Routes } from './parts.ts'
import { contentHeaders } from './security-headers.ts'
import { previewOf, thumbnailOf } from './thumbnails.ts'
import type { RenderOutcome } from './thumbnails.ts'
import { assetView } from './views.ts'

/** Bytes in and out: a raw body is a new version; contents that somebody uploaded never script the console. */

const A = '/api/v1/projects/:project/assets/:id'
const tags = ['assets']

export const assetFileRoutes: Routes = (app, parts) => {
  bytesRoutes(app, parts)
  pictureRoutes(app, parts)
}

const bytesRoutes: Routes = (app, parts) => {
  app.put<{ Params: { id: string }; Querystring: AssetPutQuery }>(
    A,
    {
      config: { rawBody: true },
      schema: {
        summary: 'Upload: the raw body is a new asset or a new version',
        description: 'The type is told by the bytes. Half an upload changes nothing.',
        tags,
        querystring: AssetPutQuery,
        response: { 200: answers(Asset), 201: answers(Asset) },
      },
    },
    async (request, reply) => {
      const project = projectOf(request)
      const outcome = await parts.assets.put(uploadOf(request, reply), bodyOf(request))
      return reply.code(outcome.created ? 201 : 200).send(assetView(outcome.asset, project))
    },
  )

  app.get<{ Params: { id: string } }>(
    `${A}/content`,
    { exposeHeadRoute: true, schema: { summary: 'The current bytes', tags } },
    async (request, reply) => {
      const project = projectOf(request).id
      return sendContent(parts, request, reply, await known(parts, project, request.params.id))
    },
  )
}

/** Pictures made of the bytes, for people who look after them. */
const pictureRoutes: Routes = (app, parts) => {
  app.get<{ Params: { id: string } }>(
    `${A}/thumbnail`,
    {
      schema: {
        summary: 'A small picture of the current bytes, for lists',
        description: 'At most 320 pixels in either direction. 404 for what is not an image.',
        tags,
      },
    },
    async (request, reply) => {
      const project = projectOf(request).id
      const row = await known(parts, project, request.params.id)
      if (row.kind !== 'image') {
        throw new AssetsError('unknown-asset', 'Only images have a thumbnail.')
      }
      const etag = `"thumbnail-${row.hash}"`
      void reply.header('cache-control', 'private, no-cache').header('etag', etag)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      const thumbnail = await thumbnailOf(parts, project, row)
      if (thumbnail === null) return sendContent(parts, request, reply, row)
      return reply.headers(contentHeaders(thumbnail.mediaType, row.id)).send(thumbnail.bytes)
    },
  )

  app.get<{ Params: { id: string }; Querystring: PreviewQuery }>(
    `${A}/preview`,
    {
      schema: {
        summary: 'What image modifiers make of the current bytes',
        description: 'As visitors would get it, from an image server, past the edges.',
        tags,
        querystring: PreviewQuery,
      },
    },
    async (request, reply) => {
      const project = projectOf(request).id
      const { modifiers } = request.query
      const row = await known(parts, project, request.params.id)
      const outcome = await previewOf(parts, project, { ...row, modifiers })
      if (outcome.kind !== 'picture') throw noPreview(outcome)
      const { mediaType, bytes } = outcome.picture
      void reply.header('cache-control', 'private, no-store')
      return reply.headers(contentHeaders(mediaType, row.id)).send(bytes)
    },
  )
}

function noPreview(outcome: Exclude<RenderOutcome, { kind: 'picture' }>): ApiError {
  if (outcome.kind === 'refused') return new ApiError('invalid-request', outcome.reason)
  if (outcome.kind === 'silent') {
    return new ApiError('busy', 'No image server answers at the moment.')
  }
  return new ApiError(
    'busy',
    'The image server still keeps the version before. Invalidate the asset, then it is read anew.',
  )
}

function uploadOf(
  request: FastifyRequest<{ Params: { id: string }; Querystring: AssetPutQuery }>,
  reply: FastifyReply,
): AssetUpload {
  const length = request.headers['content-length']
  const { published } = request.query
  return {
    project: projectOf(request).id,
    id: request.params.id,
    by: callerOf(request).by,
    signal: endsWith(reply),
    ...(length === undefined ? {} : { contentLength: Number(length) }),
    ...(published === undefined ? {} : { published }),
  }
}

/** Nothing is parsed when a request has neither length nor chunks: then there is no stream at all. */
async function* bodyOf(request: FastifyRequest): AsyncGenerator<Uint8Array> {
  const body = request.body as Readable | undefined | null
  if (body === undefined || body === null) return
  for await (const piece of body) yield piece as Uint8Array
}

async function sendContent(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  row: AssetRow,
): Promise<FastifyReply> {
  const etag = `"${row.hash}"`
  void reply.headers(contentHeaders(row.mediaType, row.id)).headers({
    etag,
    'accept-ranges': 'bytes',
    // A browser may keep it but must ask: the next version has the same address.
    'cache-control': 'private, no-cache',
  })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  const range = rangeOf(request, row.bytes)
  if (range === 'outside') {
    void reply.header('content-range', `bytes */${row.bytes}`)
    throw new AssetsError('bad-range', `The asset has ${row.bytes} bytes.`)
  }
  const content = await parts.assets.content(row.project, row.id, range === null ? {} : { range })
  const size = range === null ? content.size : range.end - range.start + 1
  void reply.header('content-length', size)
  if (range !== null) {
    void reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${row.bytes}`)
  }
  if (request.method === 'HEAD') {
    content.stream.destroy()
    // A stream, because Fastify would set the length of anything else.
    return reply.send(Readable.from([]))
  }
  return reply.send(content.stream)
}

/** One range, of these very bytes (`If-Range`, RFC 9110 §13.1.5); several are answered whole, as RFC 9110 §14.2 allows. */
function rangeOf(
  request: FastifyRequest,
  size: number,
): { start: number; end: number } | 'outside' | null {
  const header = request.headers.range
  if (header === undefined || request.headers['if-range'] !== undefined) return null
  const ranges = rangeParser(size, header)
  if (ranges === -1) return 'outside'
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null
  return ranges[0]!
}
