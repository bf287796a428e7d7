import { TARGET_LENGTH_MAX } from '../contract/parse-delivery-url.ts'
import { keyText } from '../contract/keys.ts'
import { coverage, markSourceKeyText, sourceKeyText } from '../contract/url-keys.ts'
import { checkTarget, checkUrl } from './url-check.ts'
import type { CheckedUrl, DeliveryNames } from './url-check.ts'

/** The texts of the keys that a purge of a URL goes by, or why it is none. */
export type UrlKeys =
  | {
      readonly ok: true
      /** What the URL covers. */
      readonly covered: string
      /** Its cached original (freshness rule P12). */
      readonly source: string
      /** That of the watermark that it names. */
      readonly mark?: string
    }
  | Extract<CheckedUrl, { readonly ok: false }>

/** `checkUrl`, and the keys of what it accepts. */
export function urlKeys(text: string, known: DeliveryNames): UrlKeys {
  return keysOf(checkUrl(text, known))
}

function keysOf(checked: CheckedUrl): UrlKeys {
  if (!checked.ok) return checked
  const { url } = checked
  const mark = markSourceKeyText(url)
  const keys = { ok: true, covered: coverage(url).key, source: sourceKeyText(url) } as const
  return mark === null ? keys : { ...keys, mark }
}

/**
 * `urlKeys` for long lists, with the same answers: what a million lines have in common is looked at once. A line of plain ASCII
 * without anything that `checkUrl` refuses, at a host that it has accepted before, goes straight to the grammar. What stands before
 * `?` says which picture, what stands behind it says which rendition, and neither changes what the other means: each is parsed when
 * it is new, and put together with the other when both are known.
 */
const PLAIN = /^https?:\/\/([A-Za-z0-9.:-]+)(\/[!-"$-;=?-~]*)$/
/** Two parameters of Cloudimage's do: `ci_url_encoded` changes how its path is read, and a watermark is a second original. */
const MEDDLING = /%|encoded|wat/i
/** Hosts and queries that a list may make us remember, each. */
const REMEMBERED_MAX = 1000
/** Below the limit of `checkUrl`. */
const PLAIN_LENGTH_MAX = 4096

/** What stands before `?`. */
interface KnownPath {
  readonly project: string
  readonly path: string
  readonly source: string
}

/** What stands behind `?`. */
interface KnownQuery {
  /** What it adds to the key of a URL; null where it says nothing, so that all queries are covered. */
  readonly suffix: string | null
  /** What it adds to the length of a canonical target. */
  readonly length: number
}

export function createQuickKeys(known: DeliveryNames): (text: string) => UrlKeys {
  const hosts = new Set<string>()
  const queries = new Map<string, KnownQuery | null>()
  /** Of the line before: a list has a picture's sizes together, or each size of all pictures, of which no memory would be enough. */
  let last: { host: string; text: string; path: KnownPath | null } | null = null

  function pathOf(host: string, text: string): KnownPath | null {
    // Cloudimage's host may be what names the project.
    if (last?.text === text && last.host === host) return last.path
    const checked = checkTarget(host, text, known)
    last = { host, text, path: checked.ok ? knownPath(checked) : null }
    return last.path
  }

  function queryOf(host: string, path: string, text: string, dialect: Dialect): KnownQuery | null {
    const name = dialect === 'image' ? text : `${dialect} ${text}`
    const found = queries.get(name)
    if (found !== undefined) return found
    const checked = checkTarget(host, `${path}?${text}`, known)
    const query = checked.ok ? knownQuery(checked) : null
    // A list of which each line has another must not fill the memory; what they have in common comes again soon.
    if (queries.size >= REMEMBERED_MAX) queries.clear()
    queries.set(ownText(name), query)
    return query
  }

  return (text) => {
    const [, host, target] = text.length > PLAIN_LENGTH_MAX ? [] : (PLAIN.exec(text) ?? [])
    if (host === undefined || target === undefined) return urlKeys(text, known)
    if (!hosts.has(host)) {
      const keys = urlKeys(text, known)
      if (keys.ok && hosts.size < REMEMBERED_MAX) hosts.add(ownText(host))
      return keys
    }
    const mark = target.indexOf('?')
    const before = mark < 0 ? target : target.slice(0, mark)
    const behind = mark < 0 ? '' : target.slice(mark + 1)
    const dialect = dialectOf(before)
    if (dialect !== 'cloudimage' || !MEDDLING.test(behind)) {
      const path = pathOf(host, before)
      const query = path && queryOf(host, before, behind, dialect)
      if (path && query && path.path.length + query.length <= TARGET_LENGTH_MAX)
        return together(path, query)
    }
    return keysOf(checkTarget(host, target, known))
  }
}

/** Within each of these a query means the same wherever it stands. */
type Dialect = 'image' | 'content' | 'cloudimage'

/** As `parseDeliveryUrl` tells them apart. */
function dialectOf(path: string): Dialect {
  if (path.startsWith('/is/image/')) return 'image'
  return path.startsWith('/is/content/') ? 'content' : 'cloudimage'
}

/** A text to be remembered: as it is, it is a part of the text that it came in, and would keep all of that. */
function ownText(text: string): string {
  return Buffer.from(text).toString()
}

type Accepted = Extract<CheckedUrl, { readonly ok: true }>

function knownPath({ url }: Accepted): KnownPath {
  return { project: url.project, path: url.path, source: sourceKeyText(url) }
}

function knownQuery({ url }: Accepted): KnownQuery {
  const { covers, key } = coverage(url)
  const { length } = keyText.url(url.project, url.path)
  return {
    suffix: covers === 'path' ? null : key.slice(length),
    length: url.target.length - url.path.length,
  }
}

function together({ project, path, source }: KnownPath, { suffix }: KnownQuery): UrlKeys {
  const covered =
    suffix === null ? keyText.path(project, path) : keyText.url(project, path) + suffix
  return { ok: true, covered, source }
}
