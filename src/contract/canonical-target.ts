import { encodeAssetPath } from './asset-path.ts'
import { queryText, withQuery } from './canonical-query.ts'
import type { Asked, DeliverySubject, DeliveryUrl, Modifier } from './delivery-url.ts'
import { encodeOriginal } from './original.ts'
import { encodeValue } from './percent.ts'

/** The one spelling of a delivery URL, under which it is cached and purged. */

/** First parts of canonical paths; no host or company can be called `~`, so no public URL is one. */
export const CANONICAL_FORMS = ['image', 'content', 'original', 'asset'] as const
export type CanonicalForm = (typeof CANONICAL_FORMS)[number]

export const HANDLER_DEFAULT = 's7jsonResponse'

export interface DeliveryParts {
  readonly dialect: DeliveryUrl['dialect']
  readonly project: string
  readonly subject: DeliverySubject
  readonly modifiers: readonly Modifier[]
  readonly asks: Asked
  readonly versionToken: string | null
  readonly cacheSeconds: number | null
  readonly negotiates: readonly string[]
  /** Where they are named by other modifiers than `$name$`. */
  readonly presets?: readonly string[]
}

export function deliveryUrl(parts: DeliveryParts): DeliveryUrl {
  const path = canonicalPath(parts)
  const query = renditionQuery(parts.modifiers, parts.asks)
  const tokenName = parts.dialect === 'dynamic-media' ? 'id' : 'vh'
  const { versionToken, cacheSeconds } = parts
  const own = [
    query,
    cacheSeconds === null ? '' : `ci_cache=${cacheSeconds}`,
    versionToken === null ? '' : `${tokenName}=${encodeValue(versionToken)}`,
  ]
  return {
    ...parts,
    path,
    rendition: withQuery(path, query),
    target: withQuery(path, own.filter((text) => text !== '').join('&')),
    presets:
      parts.presets ??
      parts.modifiers.filter(({ kind }) => kind === 'preset').map(({ name }) => name),
  }
}

function canonicalPath({ dialect, project, subject }: DeliveryParts): string {
  const form: CanonicalForm =
    dialect === 'cloudimage' && subject.kind === 'image' ? 'asset' : subject.kind
  return `/~/${form}/${encodeURIComponent(project)}/${subjectPath(subject)}`
}

function subjectPath(subject: DeliverySubject): string {
  if (subject.kind === 'original') return encodeOriginal(subject.original)
  const path = encodeAssetPath(subject.asset)
  if (subject.kind === 'content' || subject.crop === null) return path
  return `${path}:${encodeURIComponent(subject.crop)}`
}

export function renditionQuery(modifiers: readonly Modifier[], asks: Asked): string {
  return [queryText(modifiers), askedText(asks)].filter((text) => text !== '').join('&')
}

function askedText(asks: Asked): string {
  if (asks.kind === 'bytes') return ''
  if (asks.as === 'text') return `req=${asks.of}`
  const handler = asks.handler === HANDLER_DEFAULT ? '' : `&handler=${asks.handler}`
  const id = asks.id === '' ? '' : `&id=${encodeValue(asks.id)}`
  return `req=${asks.of},json${handler}${id}`
}
