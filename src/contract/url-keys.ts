import { withQuery } from './canonical-query.ts'
import { renditionQuery } from './canonical-target.ts'
import { markSubject } from './cloudimage-watermark.ts'
import type { DeliverySubject, DeliveryUrl, Modifier } from './delivery-url.ts'
import { keyText } from './keys.ts'

/** By which keys an answer is purged, and what a purge by URL covers. */

/** Which format an answer has, and how hard it is compressed: a purge by URL covers all of them. */
const FORMAT_COMMANDS: ReadonlySet<string> = new Set(['fmt', 'qlt', 'force_format', 'q'])

/** `shoes/summer/red` -> `shoes`, `shoes/summer`. */
export function folderAncestors(id: string): readonly string[] {
  const parts = id.split('/')
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'))
}

/** Texts of all keys of the answer to this URL, except those that only its inputs know. */
export function urlKeyTexts(url: DeliveryUrl): readonly string[] {
  const { project } = url
  return [
    keyText.project(project),
    ...subjectKeyTexts(url),
    ...markKeyTexts(url),
    ...url.presets.map((name) => keyText.preset(project, name)),
    keyText.path(project, url.path),
    urlKeyText(url),
  ]
}

function subjectKeyTexts({
  project,
  subject,
}: Pick<DeliveryUrl, 'project' | 'subject'>): readonly string[] {
  if (subject.kind === 'original') return [keyText.original(project, subject.original)]
  const keys = [
    keyText.asset(project, subject.asset),
    ...folderAncestors(subject.asset).map((folder) => keyText.folder(project, folder)),
  ]
  if (subject.kind === 'image' && subject.crop !== null) {
    keys.push(keyText.crop(project, subject.asset, subject.crop))
  }
  return keys
}

/** Of the watermark, so that whoever knows URLs alone finds what it lies on. */
function markKeyTexts(url: DeliveryUrl): readonly string[] {
  const subject = markOf(url)
  return subject ? subjectKeyTexts({ project: url.project, subject }) : []
}

function markOf({ modifiers }: DeliveryUrl): DeliverySubject | null {
  const commands = modifiers.filter((modifier) => modifier.kind === 'command')
  if (!commands.some(({ name }) => name === 'wat')) return null
  const source = commands.find(({ name }) => name === 'wat_url')?.value
  return source === undefined ? null : markSubject(source)
}

/** One rendition in every spelling, version and format. */
function urlKeyText(url: DeliveryUrl): string {
  const modifiers = url.modifiers.filter((modifier) => !isFormat(modifier))
  return keyText.url(url.project, withQuery(url.path, renditionQuery(modifiers, url.asks)))
}

function isFormat({ kind, name }: Modifier): boolean {
  return kind === 'command' && FORMAT_COMMANDS.has(name)
}

/** What does not make another rendition: a version that is named, a lifetime that is asked for. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(['id', 'vh', 'ci_cache'])

/** A canonical target without what a purge by URL covers anyway: equal for two targets that one such purge covers. */
export function formatFreeTarget(target: string): string {
  const mark = target.indexOf('?')
  if (mark < 0) return target
  const parts = target.slice(mark + 1).split('&')
  const kept = parts.filter((part) => {
    const name = part.split('=', 1)[0]!
    return !FORMAT_COMMANDS.has(name) && !OWN_PARAMETERS.has(name)
  })
  return withQuery(target.slice(0, mark), kept.join('&'))
}

export interface Coverage {
  readonly covers: 'path' | 'rendition'
  /** Text of the key to purge. */
  readonly key: string
}

/**
 * What a purge of this URL covers. Without a query: the path with all its queries, as on Dynamic Media's company domains
 * ("Invalidating the CDN cache"). A query that says nothing is none, because covering more is safe.
 */
export function coverage(url: DeliveryUrl): Coverage {
  if (url.modifiers.length === 0 && url.asks.kind === 'bytes') {
    return { covers: 'path', key: keyText.path(url.project, url.path) }
  }
  return { covers: 'rendition', key: urlKeyText(url) }
}

/** The key of the cached original (freshness rule P12): what a purge by URL adds. */
export function sourceKeyText({
  project,
  subject,
}: Pick<DeliveryUrl, 'project' | 'subject'>): string {
  return keyText.source(project, subject.kind === 'original' ? subject.original : subject.asset)
}

/** The same of the watermark that it names. */
export function markSourceKeyText(url: DeliveryUrl): string | null {
  const subject = markOf(url)
  return subject ? sourceKeyText({ project: url.project, subject }) : null
}
