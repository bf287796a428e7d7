import { CANONICAL_FORMS } from './canonical-target.ts'
import { cloudimageUrl, parseCloudimage } from './cloudimage.ts'
import { parseAssetPath } from './asset-path.ts'
import type { DeliveryAddress, DeliveryProblem, ParsedDelivery } from './delivery-url.ts'
import { parseDynamicMedia } from './dynamic-media.ts'
import { canonicalOriginal, decodeOriginal } from './original.ts'
import { percentDecode } from './percent.ts'
import { namesIndex, projectOfHost } from './project-names.ts'
import type { NamesRecord } from './records.ts'

/** The longest path and query: what other HTTP caches and the API's limit for URLs take. */
export const TARGET_LENGTH_MAX = 8192
const TOO_LONG = `The URL is longer than ${TARGET_LENGTH_MAX} characters`

const DYNAMIC_MEDIA_PATH = /^\/is\/(image|content)(?:\/([^/]*)(?:\/(.*))?)?$/s
const TOKEN_PATH = /^\/_t\/([^/]*)(?:\/(.*))?$/s

/**
 * Reads a delivery URL in either dialect. The path decides first, because Dynamic Media's paths name their project on any
 * host; else the host does. Never throws.
 */
export function parseDeliveryUrl(address: DeliveryAddress, names: NamesRecord): ParsedDelivery {
  const parsed = parseSpelling(address, names)
  if (!parsed.ok || parsed.url.target.length <= TARGET_LENGTH_MAX) return parsed
  // Escapes make the canonical form longer, and it must be readable back.
  return refused(400, TOO_LONG)
}

function parseSpelling({ host, target }: DeliveryAddress, names: NamesRecord): ParsedDelivery {
  const malformed = malformedTarget(target)
  if (malformed !== null) return refused(400, malformed)
  const { path, query } = splitTarget(target)
  const index = namesIndex(names)

  const dynamicMedia = DYNAMIC_MEDIA_PATH.exec(path)
  if (dynamicMedia) {
    const [, kind, company = '', object = ''] = dynamicMedia
    const named = index.byCompany.get(percentDecode(company) ?? '')
    if (!named) return refused(404, 'The path names no company that is delivered here')
    if (object === '') return refused(404, 'The path names no asset')
    const { project, sizes } = named
    return parseDynamicMedia({
      kind: kind === 'image' ? kind : 'content',
      project,
      object,
      query,
      ...(sizes ? { sizes } : {}),
    })
  }

  const token = TOKEN_PATH.exec(path)
  if (token) {
    const owner = index.byToken.get((percentDecode(token[1]!) ?? '').toLowerCase())
    if (!owner) return refused(404, 'The path names no token that is delivered here')
    return parseCloudimage(token[2] ?? '', query, owner)
  }

  const hosted = projectOfHost(index, host)
  if (!hosted) return refused(404, 'No project is delivered at this host and path')
  return parseCloudimage(path, query, hosted)
}

const CANONICAL_TARGET = /^\/~\/([a-z]+)\/([^/]+)\/(.+)$/s

/** Reads back the `target` of a parsed URL; what is none is a 404. */
export function parseCanonicalTarget(target: string): ParsedDelivery {
  const malformed = malformedTarget(target)
  if (malformed !== null) return refused(400, malformed)
  const { path, query } = splitTarget(target)
  const [, formText, projectText, object] = CANONICAL_TARGET.exec(path) ?? []
  const form = CANONICAL_FORMS.find((each) => each === formText)
  const project = percentDecode(projectText ?? '')
  if (!form || !project || object === undefined) return refused(404, 'Not a canonical target')
  if (form === 'image' || form === 'content') {
    return parseDynamicMedia({ kind: form, project, object, query })
  }
  if (form === 'original') {
    const original = canonicalOriginal(decodeOriginal(object))
    if (original === null) return refused(400, 'The path names no original')
    return cloudimageUrl(project, { kind: 'original', original }, query)
  }
  const asset = parseAssetPath(object)
  if (!asset.ok) return refused(400, asset.reason)
  return cloudimageUrl(
    project,
    { kind: 'image', asset: asset.elements.join('/'), crop: null },
    query,
  )
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  if (mark < 0) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** A reason when it is no path and query at all (RFC 9112 §3.2.1). */
function malformedTarget(target: string): string | null {
  if (!target.startsWith('/')) return 'The target does not begin with /'
  if (target.length > TARGET_LENGTH_MAX) return TOO_LONG
  if (!target.isWellFormed()) return 'The URL is not well-formed Unicode'
  // oxlint-disable-next-line no-control-regex -- finding them is the purpose
  if (/[\u0000-\u001f\u007f]/.test(target)) return 'The URL has a control character'
  return target.includes('#') ? 'The URL has a fragment' : null
}

function refused(status: DeliveryProblem['status'], reason: string): ParsedDelivery {
  return { ok: false, problem: { status, parameter: null, reason } }
}
