import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'

import { Live, LiveBytesQuery, LiveCopy, LiveQuery, LiveVisit } from '../contract/api/live.ts'
import type { NodePeek } from '../purgelog/barrier.ts'
import type { AssetRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { askedUrl, namesOf, signedUrl } from './delivery-names.ts'
import type { AskedUrl } from './delivery-names.ts'
import { ApiError } from './errors.ts'
import { projectOf } from './guard.ts'
import { askEdge, liveCopy, newestInput, silentCopy } from './live.ts'
import type { ApiParts, Routes } from './parts.ts'
import { contentHeaders } from './security-headers.ts'
import { edgesOf } from './views.ts'
import type { EdgeAddress } from './views.ts'

/** One picture as each edge serves it now. */

const P = '/api/v1/projects/:project'
const tags = ['live']
const PEEK_TIMEOUT_MS = 1500
/** Copies held in memory at once to be shown, each at most 50 MB. */
const SHOWN_MAX = 16

export const liveRoutes: Routes = (app, parts) => {
  let shown = 0

  app.get(
    `${P}/live`,
    {
      schema: {
        summary: 'A URL as each edge serves it now; looking changes nothing',
        tags,
        querystring: LiveQuery,
        response: { 200: answers(Live) },
      },
    },
    async (request) => {
      const scene = await look(parts, projectOf(request).id, request.query.url)
      const edges = await Promise.all(scene.edges.map((edge) => observe(parts, scene, edge, false)))
      const { asset } = scene
      const { subject } = scene.asked.meaning
      return {
        url: request.query.url,
        asset: asset && { id: asset.id, version: asset.version, hash: asset.hash },
        original: subject.kind === 'original' ? subject.original : null,
        head: await parts.store.tables.log.head(),
        edges,
      }
    },
  )

  app.get(
    `${P}/live/bytes`,
    {
      schema: {
        summary: 'Those very bytes, as one edge holds them',
        tags,
        querystring: LiveBytesQuery,
        response: { 404: Type.Any() },
      },
    },
    async (request, reply) => {
      const scene = await look(parts, projectOf(request).id, request.query.url)
      if (shown >= SHOWN_MAX) throw new ApiError('busy', 'Too many copies are being shown. Wait.')
      shown++
      try {
        return await sendBytes(reply, scene.asked, edgeNamed(scene.edges, request.query.node))
      } finally {
        shown--
      }
    },
  )

  app.post(
    `${P}/live/visit`,
    {
      schema: {
        summary: 'Fetch at one edge as a visitor does, and say what came',
        tags,
        body: LiveVisit,
        response: { 200: answers(LiveCopy) },
      },
    },
    async (request) => {
      const scene = await look(parts, projectOf(request).id, request.body.url)
      return observe(parts, scene, edgeNamed(scene.edges, request.body.node), true)
    },
  )
}

interface Scene {
  readonly asked: AskedUrl
  readonly edges: readonly EdgeAddress[]
  readonly asset: AssetRow | null
}

async function look(parts: ApiParts, project: string, url: string): Promise<Scene> {
  const { tables } = parts.store
  const edges = edgesOf(await tables.nodes.list())
  const names = namesOf(await tables.projects.list())
  const asked = signedUrl(askedUrl(url, project, names, edges), names, parts.clock.wall())
  const { subject } = asked.meaning
  const asset = subject.kind === 'original' ? null : await parts.assets.get(project, subject.asset)
  return { asked, edges, asset }
}

/** The answer first, then what the edge says it holds: in this order a purge between them can only look staler. */
async function observe(
  parts: ApiParts,
  scene: Scene,
  edge: EdgeAddress,
  visit: boolean,
): Promise<LiveCopy> {
  const { asked, asset } = scene
  try {
    const answer = await askEdge(edge, asked, { visit, keepBytes: false })
    const nodes = await peek(parts, asked)
    const own = nodes.find(({ node, role }) => node === edge.node && role === 'edge')
    const currentHash = asset?.hash ?? newestInput(nodes.flatMap(({ peeks }) => peeks))
    const wallMs = parts.clock.wall()
    return liveCopy({ edge, asked, answer, peek: own?.peeks[0], currentHash, wallMs })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    parts.log.debug({ err: error, node: edge.node }, 'live view')
    return silentCopy(edge, asked, error, parts.clock.wall())
  }
}

function peek(parts: ApiParts, asked: AskedUrl): Promise<readonly NodePeek[]> {
  const signal = AbortSignal.timeout(PEEK_TIMEOUT_MS * 2)
  return parts.authority.peek([asked.meaning.target], PEEK_TIMEOUT_MS, signal)
}

function edgeNamed(edges: readonly EdgeAddress[], node: string): EdgeAddress {
  const edge = edges.find((each) => each.node === node)
  if (edge !== undefined) return edge
  throw new ApiError('unknown-node', 'No edge of that name is in.')
}

async function sendBytes(
  reply: FastifyReply,
  asked: AskedUrl,
  edge: EdgeAddress,
): Promise<FastifyReply> {
  const answer = await askEdge(edge, asked, { visit: false, keepBytes: true })
  if (answer.status !== 200 || answer.bytes === null) {
    throw new ApiError('not-found', `${edge.node} holds no copy: it answers ${answer.status}.`)
  }
  const type = answer.headers['content-type']
  const mediaType = typeof type === 'string' ? type : 'application/octet-stream'
  const name = asked.target.split('?')[0]!
  return reply.headers(contentHeaders(mediaType, name)).send(answer.bytes)
}
