import { request } from 'undici'
import type { Dispatcher } from 'undici'

import { cloudimageUrl } from '../contract/cloudimage.ts'
import { isCloudimagePreset } from '../contract/cloudimage-presets.ts'
import type { ParsedDelivery } from '../contract/delivery-url.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'

import { ApiError } from './errors.ts'
import type { ApiParts } from './parts.ts'

/**
 * Pictures for the console, made by a resizer of the current bytes: small ones for lists, and previews of modifiers that nobody
 * has saved yet. They go past the edges, so that looking neither fills nor shows an edge's cache, and is no visitor's request.
 */

const THUMBNAIL_QUERY = 'wid=320&hei=320&fit=constrain,1&fmt=webp&qlt=75'
const THUMBNAIL_BYTES_MAX = 2 * 1024 * 1024
/** As much as a rendition of the largest size that is delivered weighs. */
const PREVIEW_BYTES_MAX = 50 * 1024 * 1024
/** A render takes a tenth of a second; when the resizer is busy, the original is shown instead. */
const THUMBNAIL_TIMEOUT_MS = 5000
/** Somebody waits for this one: as long as an edge does. */
const PREVIEW_TIMEOUT_MS = 15_000
/** A resizer's sentence on what it refuses is a line. */
const REASON_LENGTH_MAX = 500

export interface Rendered {
  readonly mediaType: string
  readonly bytes: Buffer
}

export type RenderOutcome =
  | { readonly kind: 'picture'; readonly picture: Rendered }
  /** The modifiers are not possible, in the words that a visitor would get. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The resizer still keeps the version before: nobody has invalidated it yet. */
  | { readonly kind: 'old' }
  /** No resizer is in, or none answers in time. */
  | { readonly kind: 'silent' }

interface Original {
  readonly id: string
  readonly hash: string
}

/** Null when no resizer makes one of the current bytes: none is there, or it does not deliver what is not published. */
export async function thumbnailOf(
  parts: ApiParts,
  project: string,
  asset: Original,
): Promise<Rendered | null> {
  const target = targetOf(project, asset.id, THUMBNAIL_QUERY)
  if (!target.ok) return null
  const limits = { timeoutMs: THUMBNAIL_TIMEOUT_MS, bytesMax: THUMBNAIL_BYTES_MAX }
  const outcome = await render(parts, target.url.target, asset.hash, limits)
  return outcome.kind === 'picture' ? outcome.picture : null
}

/** What visitors would get with these modifiers, which are of either dialect as those of presets are. */
export async function previewOf(
  parts: ApiParts,
  project: string,
  asset: Original & { readonly modifiers: string },
): Promise<RenderOutcome> {
  const { id, modifiers } = asset
  const target = isCloudimagePreset(modifiers)
    ? cloudimageUrl(project, { kind: 'image', asset: id, crop: null }, modifiers)
    : targetOf(project, id, modifiers)
  if (!target.ok) return { kind: 'refused', reason: target.problem.reason }
  const limits = { timeoutMs: PREVIEW_TIMEOUT_MS, bytesMax: PREVIEW_BYTES_MAX }
  return render(parts, target.url.target, asset.hash, limits)
}

function targetOf(project: string, asset: string, query: string): ParsedDelivery {
  const names = {
    projects: [{ project, companies: [], tokens: [], hosts: [], originAliases: {} }],
  }
  const path = asset.split('/').map(encodeURIComponent).join('/')
  const target = `/is/image/${encodeURIComponent(project)}/${path}?${query}`
  return parseDeliveryUrl({ host: 'preview.invalid', target }, names)
}

interface Limits {
  readonly timeoutMs: number
  readonly bytesMax: number
}

async function render(
  parts: ApiParts,
  target: string,
  hash: string,
  limits: Limits,
): Promise<RenderOutcome> {
  const { nodes, log } = parts.store.tables
  const resizer = (await nodes.list()).find(
    ({ role, state, urls }) => role === 'resizer' && state === 'in' && urls.length > 0,
  )
  if (resizer === undefined) return { kind: 'silent' }
  const headers = {
    [NODE_HEADERS.secret]: parts.config.nodeSecret,
    [NODE_HEADERS.log]: await log.id(),
    [NODE_HEADERS.minMark]: String(await log.head()),
  }
  const url = resizer.urls[0]!.replace(/\/+$/, '') + target
  try {
    return await ask(url, headers, { hash, ...limits })
  } catch (error) {
    parts.log.debug({ err: error, url }, 'no picture from the resizer')
    return { kind: 'silent' }
  }
}

async function ask(
  url: string,
  headers: Record<string, string>,
  { hash, timeoutMs, bytesMax }: Limits & { readonly hash: string },
): Promise<RenderOutcome> {
  const answer = await request(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
  const bytes = await readUpTo(answer.body, bytesMax)
  if (answer.statusCode >= 400 && answer.statusCode < 500) {
    return { kind: 'refused', reason: bytes.toString('utf8').slice(0, REASON_LENGTH_MAX).trim() }
  }
  const mediaType = String(answer.headers['content-type'] ?? '')
  if (answer.statusCode !== 200 || !mediaType.startsWith('image/')) return { kind: 'silent' }
  // A replaced picture that nobody has invalidated yet is still kept by the resizer: that would be the old one.
  if (answer.headers[NODE_HEADERS.input] !== hash) return { kind: 'old' }
  return { kind: 'picture', picture: { mediaType, bytes } }
}

async function readUpTo(body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.byteLength
    if (size > bytesMax) throw new ApiError('too-large', 'The picture is too large to be shown.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
