import parseRange from 'range-parser'
import type { Waiter } from '../cache/fills.ts'
import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import { keyHash } from '../contract/keys.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, ProjectRecord } from '../contract/records.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import { lifetimeHeaders, provenanceHeaders, textAnswer } from './answer.ts'
import type { ResizerAnswer } from './answer.ts'
import { InputChanged } from './rendition-input.ts'
import type { RenditionParts } from './rendition.ts'
import type { ResizerRequest } from './resizer.ts'

/** Content up to this size is read whole, so that its hash is checked before the first byte leaves. */
const READ_WHOLE_BYTES_MAX = 16 * 1024 * 1024

/** Documents that a browser would run as a page of this origin: they may show themselves and do nothing else. */
export function sandbox(mediaType: string): Record<string, string> {
  if (!ACTIVE_TYPES.test(mediaType)) return {}
  return { 'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'" }
}

const ACTIVE_TYPES =
  /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml|(?:text|application)\/xml)\b/

/** Non-image delivery, `/is/content/…`: the original's bytes as they are, with ranges. */
export async function contentAnswer(
  parts: RenditionParts,
  request: ResizerRequest,
  url: DeliveryUrl,
  waiter: Waiter,
  mark: number,
): Promise<ResizerAnswer> {
  const need = { mark, strict: !waiter.mayUseCache, logId: waiter.logId }
  const from = { logId: parts.freshness.logId, mark, keys: urlKeyTexts(url).map(keyHash) }
  if (url.subject.kind !== 'content') return textAnswer(404, 'Not content.', from)
  const id = url.subject.asset
  const project = await parts.records.read<ProjectRecord>(recordName.project(url.project), need)
  const record = await parts.records.read<AssetRecord>(recordName.asset(url.project, id), need)
  if (!project || !record?.published)
    return textAnswer(404, `There is no published asset ${id}.`, from)
  const what = undeliverable(record)
  if (what !== null) return textAnswer(403, `${undeliverableReason(id, what)}.`, from)

  const etag = `"${record.hash.slice(0, 32)}"`
  const { cdnTtlSeconds, browserTtlSeconds } = project
  const headers: Record<string, string> = {
    etag,
    'content-type': record.mediaType,
    'x-content-type-options': 'nosniff',
    'last-modified': new Date(record.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    [NODE_HEADERS.input]: record.hash,
    ...sandbox(record.mediaType),
    ...lifetimeHeaders(url, {
      ...NOT_AN_IMAGE,
      etag,
      inputHash: record.hash,
      cdnTtlSeconds,
      browserTtlSeconds,
    }),
    ...provenanceHeaders(from),
  }
  const unchanged = await parts.assets.unchanged(record)
  if (unchanged && request.headers['if-none-match'] === etag)
    return { status: 304, headers, body: null }
  if (record.bytes <= READ_WHOLE_BYTES_MAX)
    return whole(parts, request, url.project, record, headers)
  return streamed(parts, request, url.project, record, unchanged, headers)
}

const NOT_AN_IMAGE = { mediaType: '', width: 0, height: 0, confirmedAt: null } as const

async function whole(
  parts: RenditionParts,
  request: ResizerRequest,
  project: string,
  record: AssetRecord,
  headers: Record<string, string>,
): Promise<ResizerAnswer> {
  const { bytes, hash, stable } = await parts.assets.readAsset(record)
  const length = { 'content-length': String(bytes.byteLength) }
  if (hash !== record.hash || !stable) {
    // Freshness rule P12: bytes that no record names are sent, and kept by nobody.
    parts.onMismatch(project, record.id)
    return {
      status: 200,
      headers: { ...unnamed(headers), ...length, [NODE_HEADERS.input]: hash },
      body: bytes,
    }
  }
  const range = rangeOf(request, bytes.byteLength, headers)
  if (range === 'unsatisfiable') return outside(bytes.byteLength, headers)
  if (range === null) return { status: 200, headers: { ...headers, ...length }, body: bytes }
  const part = bytes.subarray(range.start, range.end + 1)
  return {
    status: 206,
    headers: { ...headers, ...rangeHeaders(range, bytes.byteLength) },
    body: part,
  }
}

async function streamed(
  parts: RenditionParts,
  request: ResizerRequest,
  project: string,
  record: AssetRecord,
  unchanged: boolean,
  headers: Record<string, string>,
): Promise<ResizerAnswer> {
  // A large file under a changing hand cannot be named by its record: it is sent whole, for this once.
  if (!unchanged) parts.onMismatch(project, record.id)
  const sent = unchanged ? headers : unnamed(headers)
  const range = unchanged ? rangeOf(request, record.bytes, headers) : null
  if (range === 'unsatisfiable') return outside(record.bytes, headers)
  if (request.method === 'HEAD')
    return { status: 200, headers: { ...sent, 'content-length': String(record.bytes) }, body: null }
  const { stream, size } = await parts.assets.openAsset(record, range ?? undefined)
  const place = range ? rangeHeaders(range, size) : { 'content-length': String(size) }
  const body = unchanged ? untilChanged(stream, () => parts.assets.unchanged(record)) : stream
  return { status: range ? 206 : 200, headers: { ...sent, ...place }, body }
}

/**
 * The promise of the head holds only for bytes that the record names. The last piece waits for a look at the file: if it changed
 * while it was sent, the answer ends short, and no cache keeps what is shorter than it was said to be.
 */
async function* untilChanged(
  stream: AsyncIterable<Uint8Array>,
  unchanged: () => Promise<boolean>,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined
  for await (const piece of stream) {
    if (held) yield held
    held = piece
  }
  if (!(await unchanged())) throw new InputChanged()
  if (held) yield held
}

/** Of bytes that no record names: nobody may keep them, or ask for the rest of them by name. */
function unnamed(headers: Record<string, string>): Record<string, string> {
  const {
    'cdn-cache-control': _outer,
    etag: _etag,
    'last-modified': _modified,
    [NODE_HEADERS.input]: _input,
    ...rest
  } = headers
  return { ...rest, 'cache-control': 'no-store' }
}

function outside(size: number, headers: Record<string, string>): ResizerAnswer {
  const kept = [NODE_HEADERS.log, NODE_HEADERS.mark, NODE_HEADERS.keys]
  return textAnswer(416, 'The range lies outside the content.', null, {
    ...Object.fromEntries(kept.map((name) => [name, headers[name] ?? ''])),
    'content-range': `bytes */${size}`,
  })
}

interface Range {
  readonly start: number
  readonly end: number
}

function rangeHeaders({ start, end }: Range, size: number): Record<string, string> {
  return {
    'content-range': `bytes ${start}-${end}/${size}`,
    'content-length': String(end - start + 1),
  }
}

/** One range (RFC 9110 §14.2); several, another unit, or one for another version (§13.1.5) are answered with the whole. */
function rangeOf(
  request: ResizerRequest,
  size: number,
  headers: Record<string, string>,
): Range | 'unsatisfiable' | null {
  const { range: asked, 'if-range': condition } = request.headers
  if (asked === undefined || request.method !== 'GET' || !/^bytes\s*=/i.test(asked)) return null
  if (condition !== undefined && ![headers['etag'], headers['last-modified']].includes(condition))
    return null
  const ranges = parseRange(size, asked)
  if (ranges === -1) return 'unsatisfiable'
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1
    ? (ranges[0] ?? null)
    : null
}
