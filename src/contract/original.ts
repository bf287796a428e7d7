import { parseAssetPath, withoutImageExtension } from './asset-path.ts'
import type { DeliverySubject } from './delivery-url.ts'
import { hasControl, normaliseEscapes, percentDecode } from './percent.ts'
import type { ProjectNames } from './records.ts'

/**
 * The original that a Cloudimage URL names, canonical: `host[:port]/path[?query]`. Without a scheme, because the project's
 * entry for that host decides it, and so `http://`, `https://` and neither are one original (Cloudimage's pages "URL
 * implementation" and "Aliases").
 */
export type ParsedOriginal =
  | { readonly ok: true; readonly subject: DeliverySubject }
  | { readonly ok: false; readonly reason: string }

const SCHEME = /^([a-z][a-z0-9+.-]*):\/{1,2}/i

/**
 * `text` is what stands behind the project in a URL, still encoded, with its own query if it has one: `sample.li/a.jpg`,
 * `https://…`, `_alias_/a.jpg`, or a path without a host in front: nothing with a dot or a port before the first slash, or no
 * slash at all. That is the path of an asset, or lies below the project's origin URL prefix where one is set.
 */
export function parseOriginal(text: string, names: ProjectNames): ParsedOriginal {
  const trimmed = text.replace(/^\/+/, '')
  const scheme = SCHEME.exec(trimmed)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    return { ok: false, reason: `Originals are fetched by http or https, not ${scheme}` }
  }
  const bare = withAliasExpanded(trimmed.replace(SCHEME, ''), names)
  if (scheme === undefined && !HOST_IN_FRONT.test(bare)) {
    if (names.originPrefix === undefined) return assetSubject(bare)
    return originalSubject(`${withoutSlash(names.originPrefix)}/${bare}`)
  }
  return originalSubject(bare)
}

function originalSubject(bare: string): ParsedOriginal {
  const original = canonicalOriginal(bare)
  if (original === null) return { ok: false, reason: 'The path names no original' }
  return { ok: true, subject: { kind: 'original', original } }
}

const HOST_IN_FRONT = /^[^/?]*[.:[\]%@][^/?]*\//

/** Aliases begin and end with `_`; where several fit, the longest wins. */
function withAliasExpanded(text: string, names: ProjectNames): string {
  const fitting = Object.keys(names.originAliases)
    .filter((alias) => text === alias || text.startsWith(`${alias}/`))
    .sort((one, other) => other.length - one.length)[0]
  if (fitting === undefined) return text
  return (
    withoutSlash(names.originAliases[fitting]!.replace(SCHEME, '')) + text.slice(fitting.length)
  )
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '')
}

function assetSubject(text: string): ParsedOriginal {
  const path = parseAssetPath(text.split('?', 1)[0]!)
  if (!path.ok) return path
  const asset = withoutImageExtension(path.elements.join('/'))
  if (asset.includes(':')) return { ok: false, reason: 'The path has a colon, which no id holds' }
  return { ok: true, subject: { kind: 'image', asset, crop: null } }
}

/** Null when the host is none, the path is empty or leaves its folder, or an escape is malformed. */
export function canonicalOriginal(text: string): string | null {
  const [beforeFragment = ''] = text.split('#', 1)
  const [, hostText = '', pathText = '', queryText = ''] =
    /^([^/?]*)(\/[^?]*)(\?.*)?$/s.exec(beforeFragment) ?? []
  const host = canonicalHost(hostText)
  const path = normaliseEscapes(pathText)
  const query = normaliseEscapes(queryText === '?' ? '' : queryText)
  if (host === null || path === null || query === null) return null
  if (path === '/' || !staysInside(path) || hasControl(percentDecode(query) ?? '')) return null
  return host + path + query
}

/** The ports that http and https imply; which scheme is used is the origin's affair, so both are dropped. */
const DEFAULT_PORT = /:(?:80|443)$/

/** As the URL standard writes it: lower case, punycode, numeric forms of IPv4 in dotted decimal; no final dot. */
function canonicalHost(text: string): string | null {
  if (text === '' || hasControl(text) || /[\s\\@?#]/.test(text)) return null
  const url = URL.parse(`http://${text}`)
  if (!url || url.hostname === '' || url.username !== '' || url.pathname !== '/') return null
  const host = url.hostname.replace(/\.+$/, '')
  if (host === '' || host.includes('%')) return null
  return (url.port === '' ? host : `${host}:${url.port}`).replace(DEFAULT_PORT, '')
}

/** No `.` or `..`, however encoded, and no control character: servers differ in what they make of them. */
function staysInside(path: string): boolean {
  const decoded = percentDecode(path) ?? ''
  return (
    !hasControl(decoded) && !decoded.split(/[\\/]/).some((part) => part === '.' || part === '..')
  )
}

/** An original as part of a canonical path: its own `?` must not begin our query. */
export function encodeOriginal(original: string): string {
  return original.replaceAll('%', '%25').replaceAll('?', '%3F')
}

export function decodeOriginal(text: string): string {
  return text.replaceAll('%3F', '?').replaceAll('%25', '%')
}
