import { sha256 } from '../kernel/hash.ts'
import type { Waiter } from '../cache/fills.ts'
import { deliveryUrl } from '../contract/canonical-target.ts'
import { problemText } from '../contract/delivery-url.ts'
import type { Asked, DeliveryUrl } from '../contract/delivery-url.ts'
import { keyHash } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, ProjectRecord } from '../contract/records.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import { provenanceHeaders, textAnswer } from './answer.ts'
import type { Provenance, ResizerAnswer } from './answer.ts'
import type { RenditionFill, RenditionParts } from './rendition.ts'

/** "NonImgExpiration": property answers live for six minutes (Image Serving, attribute reference). */
const PROPERTIES_SECONDS = 360
/** Enough of a hash to tell versions apart, and long enough to be used as `id=` for a year of lifetime. */
const VERSION_CHARACTERS = 12

type Properties = Readonly<Record<string, string>>

/** `req=exists|imageprops|props`: what there is, as Java properties or wrapped JSON (Image Serving, "Properties"). */
export async function propertiesAnswer(
  parts: RenditionParts,
  url: DeliveryUrl,
  waiter: Waiter,
  mark: number,
  rendition: (image: DeliveryUrl) => Promise<Pick<RenditionFill, 'made' | 'keys' | 'mark'>>,
): Promise<ResizerAnswer> {
  const { subject, asks } = url
  const from: Provenance = {
    logId: parts.freshness.logId,
    mark,
    keys: urlKeyTexts(url).map(keyHash),
  }
  if (asks.kind !== 'properties' || subject.kind === 'original')
    return textAnswer(400, 'req: only for assets', from)
  const need = { mark, strict: !waiter.mayUseCache, logId: waiter.logId }
  const record = await parts.records.read<AssetRecord>(
    recordName.asset(url.project, subject.asset),
    need,
  )
  const project = await parts.records.read<ProjectRecord>(recordName.project(url.project), need)
  const published = record?.published ? record : null
  if (asks.of === 'exists')
    return written(asks, { 'catalogRecord.exists': published ? '1' : '0' }, published, from)
  if (!published) return textAnswer(404, `There is no published asset ${subject.asset}.`, from)
  if (subject.kind === 'content')
    return written(asks, contentProperties(published, project?.cdnTtlSeconds ?? 0), published, from)
  if (asks.of === 'imageprops') return written(asks, imageProperties(published), published, from)
  const {
    made,
    keys,
    mark: reachedMark,
  } = await rendition(deliveryUrl({ ...url, asks: { kind: 'bytes' } }))
  // The record was read before the picture was found: the answer reflects no more than the older of the two.
  const reached = {
    ...from,
    keys: [...new Set([...from.keys, ...keys])],
    mark: Math.min(mark, reachedMark),
  }
  if (made.kind === 'stand-in') return textAnswer(404, 'There is no such original.', reached)
  if (made.kind === 'problem') {
    return textAnswer(made.problem.status, problemText(made.problem), reached)
  }
  const length = (await made.load()).byteLength
  const { width, height, mediaType } = made.meta
  const answer = { width, height, type: mediaType, length }
  return written(asks, { ...prefixed('image', answer), ...versions(published) }, published, reached)
}

function imageProperties(record: AssetRecord): Properties {
  const { width, height, mediaType, modifiedAt } = record
  return {
    ...prefixed('image', { width, height, type: mediaType, timeStamp: modifiedAt }),
    ...versions(record),
  }
}

function contentProperties(record: AssetRecord, cdnTtlSeconds: number): Properties {
  const { id, bytes, mediaType, modifiedAt } = record
  return {
    path: id,
    length: String(bytes),
    expiration: String(cdnTtlSeconds),
    lastModified: modifiedAt,
    userType: mediaType,
    ...versions(record),
  }
}

/** What to put into `id=` so that a new version has a new URL (Image Serving, "id"). */
function versions(record: AssetRecord): Properties {
  return { 'image.version': record.hash.slice(0, VERSION_CHARACTERS) }
}

function prefixed(
  prefix: string,
  values: Readonly<Record<string, string | number | null>>,
): Properties {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, String(value ?? '')]),
  )
}

function written(
  asks: Extract<Asked, { kind: 'properties' }>,
  properties: Properties,
  record: AssetRecord | null,
  from: Provenance,
): ResizerAnswer {
  const json = asks.as === 'json'
  const body = Buffer.from(json ? jsonp(asks, properties) : text(properties, record))
  return {
    status: 200,
    headers: {
      etag: `"${sha256(body).slice(0, 32)}"`,
      'content-type': json ? 'text/javascript; charset=utf-8' : 'text/plain; charset=utf-8',
      'content-length': String(body.byteLength),
      'x-content-type-options': 'nosniff',
      'cache-control': `public, max-age=${Math.min(60, PROPERTIES_SECONDS)}`,
      'cdn-cache-control': `max-age=${PROPERTIES_SECONDS}`,
      ...provenanceHeaders(from),
    },
    body,
  }
}

function jsonp(asks: Extract<Asked, { kind: 'properties' }>, properties: Properties): string {
  return `/*jsonp*/${asks.handler}(${JSON.stringify(properties)},${JSON.stringify(asks.id)});`
}

/** The date is the asset's, not the clock's: the same inputs make the same bytes. */
function text(properties: Properties, record: AssetRecord | null): string {
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${escaped(value)}`)
  return ['#S7Z OK', ...(record ? [`#${record.modifiedAt}`] : []), ...lines, ''].join('\n')
}

/** Java properties are Latin-1: anything beyond ASCII is escaped, and so is what would end the value early. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
