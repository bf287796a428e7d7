import { parseAssetPath } from './asset-path.ts'
import type { QueryDialect } from './canonical-query.ts'
import { canonicalModifiers, splitQuery } from './canonical-query.ts'
import { HANDLER_DEFAULT, deliveryUrl } from './canonical-target.ts'
import type {
  Asked,
  DeliveryProblem,
  DeliverySubject,
  Modifier,
  ParsedDelivery,
} from './delivery-url.ts'
import type { PropertiesRequest } from './dynamic-media-commands.ts'
import {
  DYNAMIC_MEDIA_DEFAULTS,
  DYNAMIC_MEDIA_GRAMMARS,
  HARMLESS_LAYERS,
  REPLY_SIDE_MAX,
  UNSUPPORTED_COMMANDS,
} from './dynamic-media-commands.ts'
import { withinSizeRule } from './sizes.ts'
import type { SizeRule } from './sizes.ts'

/** Delivery URLs as Dynamic Media's Image Serving writes them (Adobe's HTTP protocol reference, "Basic syntax"). */

export const IMAGE_QUERY: QueryDialect = {
  grammars: DYNAMIC_MEDIA_GRAMMARS,
  synonyms: {},
  defaults: DYNAMIC_MEDIA_DEFAULTS,
  slots: { crop: 'crop', cropn: 'crop' },
  presets: true,
}

/** Of non-images only properties can be asked ("Serving static (non-image) content"). */
const CONTENT_QUERY: QueryDialect = {
  grammars: {
    req: DYNAMIC_MEDIA_GRAMMARS.req,
    handler: DYNAMIC_MEDIA_GRAMMARS.handler,
    id: DYNAMIC_MEDIA_GRAMMARS.id,
  },
  synonyms: {},
  defaults: DYNAMIC_MEDIA_DEFAULTS,
  slots: {},
  presets: false,
}

export interface DynamicMediaAddress {
  readonly kind: 'image' | 'content'
  readonly project: string
  /** What stands behind the company, still encoded. */
  readonly object: string
  readonly query: string
  readonly sizes?: SizeRule
}

export function parseDynamicMedia(address: DynamicMediaAddress): ParsedDelivery {
  const { kind, project, query } = address
  const subject = kind === 'image' ? imageSubject(address.object) : contentSubject(address.object)
  if (typeof subject === 'string') return refused(400, null, subject)
  const unsupported = kind === 'image' ? unsupportedCommand(query) : null
  if (unsupported) return { ok: false, problem: unsupported }
  const canonical = withinSizeRule(
    canonicalModifiers(query, kind === 'image' ? IMAGE_QUERY : CONTENT_QUERY),
    address.sizes,
    REPLY_SIDE_MAX,
  )
  if (!canonical.ok) return canonical
  const { asks, versionToken } = askedOf(canonical.modifiers)
  if (kind === 'content' && asks.kind === 'properties' && asks.of === 'imageprops') {
    return refused(400, 'req', 'req=imageprops is for images: ask for props or exists')
  }
  return {
    ok: true,
    url: deliveryUrl({
      dialect: 'dynamic-media',
      project,
      subject,
      modifiers: modifiersThatMatter(canonical.modifiers, asks),
      asks,
      versionToken,
      cacheSeconds: null,
      negotiates: [],
    }),
  }
}

function refused(
  status: DeliveryProblem['status'],
  parameter: string | null,
  reason: string,
): ParsedDelivery {
  return { ok: false, problem: { status, parameter, reason } }
}

/** `asset[:crop]`; a reason when it is none. No asset id holds a colon, so an encoded one separates as well. */
function imageSubject(object: string): DeliverySubject | string {
  const path = parseAssetPath(object)
  if (!path.ok) return path.reason
  const [asset = '', crop = null, ...more] = path.elements.join('/').split(':')
  if (more.length > 0 || crop?.includes('/')) return 'The path has a colon that begins no crop'
  if (crop === '') return 'The path names no crop behind its colon'
  return /(?:^|\/)$/.test(asset) ? 'The path has an empty part' : { kind: 'image', asset, crop }
}

function contentSubject(object: string): DeliverySubject | string {
  const path = parseAssetPath(object)
  if (!path.ok) return path.reason
  const asset = path.elements.join('/')
  if (asset.includes(':')) return 'The path has a colon, which no asset id holds'
  return { kind: 'content', asset }
}

function unsupportedCommand(query: string): DeliveryProblem | null {
  for (const { name, value } of splitQuery(query)) {
    const lower = name.toLowerCase()
    if (!UNSUPPORTED_COMMANDS.has(lower)) continue
    if (lower === 'layer' && HARMLESS_LAYERS.has(value ?? '')) continue
    return { status: 400, parameter: name, reason: `${name} is not supported` }
  }
  return null
}

/** In a JSON request `id` is echoed ("req": json), else it is a version token ("id"). */
function askedOf(modifiers: readonly Modifier[]): { asks: Asked; versionToken: string | null } {
  const id = commandValue(modifiers, 'id') ?? ''
  const request = requestOf(commandValue(modifiers, 'req'))
  if (request.of === 'img') return { asks: { kind: 'bytes' }, versionToken: id || null }
  const handler = commandValue(modifiers, 'handler') ?? HANDLER_DEFAULT
  const { of, as } = request
  if (as === 'json') {
    return { asks: { kind: 'properties', of, as, handler, id }, versionToken: null }
  }
  const asks = { kind: 'properties', of, as, handler: HANDLER_DEFAULT, id: '' } as const
  return { asks, versionToken: id || null }
}

function requestOf(value: string | null): PropertiesRequest {
  return DYNAMIC_MEDIA_GRAMMARS.req.parse(value ?? 'img') ?? { of: 'img', as: 'text' }
}

function commandValue(modifiers: readonly Modifier[], wanted: string): string | null {
  const found = modifiers.find(({ kind, name }) => kind === 'command' && name === wanted)
  return found?.kind === 'command' ? found.value : null
}

/** What says what is asked for; not part of the picture. */
export const REQUEST_COMMANDS: ReadonlySet<string> = new Set(['req', 'handler', 'id'])

/** `exists` and `imageprops` are of the original and ignore all else ("req"). */
function modifiersThatMatter(modifiers: readonly Modifier[], asks: Asked): readonly Modifier[] {
  if (asks.kind === 'properties' && asks.of !== 'props') return []
  return modifiers.filter(({ kind, name }) => kind === 'preset' || !REQUEST_COMMANDS.has(name))
}
