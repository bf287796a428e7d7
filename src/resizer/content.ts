import parseRange from 'range-parser'
import type { Waiter } from '../cache/fills.ts'
import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import { keyHash } from '../contract/keys.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, ProjectRecord } from '../contract/records.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import { lifetimeHeaders, provenanceHeaders, textAnswer } from './answer.ts'
import type { ResizerAnswer } from './answer.ts'
import type { RenditionParts } from './rendition.ts'
import type { ResizerRequest } from './resizer.ts'

/** Content up to this size is read whole, so that its hash is checked before the first byte leaves. */
const READ_WHOLE_BYTES_MAX = 16 * 1024 * 1024

/** Documents that a browser would run as a page of this origin. */
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
  const need = { mark, strict: !waiter.mayUseCache }
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
    'sluice-input': record.hash,
    ...(ACTIVE_TYPES.test(record.mediaType)
      ? { 'content-security-policy': "sandbox; default-src 'none'" }
      : {}),
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
  return streamed(parts, request, record, unchanged, headers)
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
    const { 'cdn-cache-control': _outer, etag: _etag, ...rest } = headers
    return {
      status: 200,
      headers: { ...rest, ...length, 'cache-control': 'no-store' },
      body: bytes,
    }
  }
  const range = rangeOf(request, bytes.byteLength)
  if (range === 'unsatisfiable') return textAnswer(416, 'The range lies outside the content.', null)
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
  record: AssetRecord,
  unchanged: boolean,
  headers: Record<string, string>,
): Promise<ResizerAnswer> {
  // A large file under a changing hand cannot be named by its record: it is sent for this once.
  const sent = unchanged
    ? headers
    : { ...headers, 'cache-control': 'no-store', 'cdn-cache-control': 'no-store' }
  const range = rangeOf(request, record.bytes)
  if (range === 'unsatisfiable') return textAnswer(416, 'The range lies outside the content.', null)
  const { stream, size } = await parts.assets.openAsset(record, range ?? undefined)
  const place = range ? rangeHeaders(range, size) : { 'content-length': String(size) }
  return { status: range ? 206 : 200, headers: { ...sent, ...place }, body: stream }
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

/** One range (RFC 9110 §14.2); several are answered with the whole. */
function rangeOf(request: ResizerRequest, size: number): Range | 'unsatisfiable' | null {
  const asked = request.headers['range']
  if (asked === undefined || request.method !== 'GET') return null
  const ranges = parseRange(size, asked)
  if (ranges === -1) return 'unsatisfiable'
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1
    ? (ranges[0] ?? null)
    : null
}
