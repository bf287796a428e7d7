import { deliverySettings } from '../contract/delivery-settings.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { didYouMean } from '../contract/did-you-mean.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { projectNames } from '../contract/project-names.ts'
import type { NamesRecord } from '../contract/records.ts'
import type { ProjectInputs } from '../contract/url-inputs.ts'
import type { ProjectRow } from '../store/store.ts'
import { withWayOut } from './ways-out.ts'

/** What every CDN that we know of takes, and our own edges. */
export const URL_LENGTH_MAX = 8192

export type CheckedUrl =
  | { readonly ok: true; readonly url: DeliveryUrl }
  /** `part`: the piece of the text that is wrong, as it stands there. */
  | { readonly ok: false; readonly reason: string; readonly part?: string }

/** By which names and hosts a project is delivered: what a URL of it must fit to. */
export interface DeliveryNames {
  readonly project: string
  readonly names: NamesRecord
  readonly companies: readonly string[]
  readonly tokens: readonly string[]
  /** Lower case, without port: publish server, own hosts, edges. */
  readonly hosts: ReadonlySet<string>
}

/** What the project adds to its pictures now; a change of it is a purge of its own. */
export function projectInputs({ presets, delivery }: ProjectRow): ProjectInputs {
  return { presets, delivery: deliverySettings(delivery) }
}

/** `edgeUrls` are the public base URLs of our edges. */
export function deliveryNames(project: ProjectRow, edgeUrls: readonly string[]): DeliveryNames {
  const companies =
    project.company === null ? project.aliases : [project.company, ...project.aliases]
  const bases = [...edgeUrls, ...(project.publishServer === null ? [] : [project.publishServer])]
  const based = bases.flatMap((base) => URL.parse(base)?.hostname ?? [])
  return {
    project: project.id,
    names: { projects: [projectNames(project)] },
    companies: [...new Set([...companies, project.id])],
    tokens: project.tokens,
    hosts: withLoopbackNames([...project.hosts, ...based].map((host) => host.toLowerCase())),
  }
}

/** An edge on loopback is reached by each of these names. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

function withLoopbackNames(hosts: readonly string[]): ReadonlySet<string> {
  const loopback = hosts.some((host) => LOOPBACK.includes(host))
  return new Set(loopback ? [...hosts, ...LOOPBACK] : hosts)
}

/** Is this text a full URL that this project delivers? The reasons say what is wrong and the way out. */
export function checkUrl(text: string, known: DeliveryNames): CheckedUrl {
  const split = splitUrl(text)
  if (!split.ok) return split
  const { host, hostname, target } = split
  if (!known.hosts.has(hostname) && !isTokenHost(hostname, known)) {
    return refused(
      `${hostname} is not a host of this project: use its publish server, one of its hosts or an edge ` +
        `(${listed([...known.hosts])}).${didYouMean(hostname, [...known.hosts])}`,
      host,
    )
  }
  return checkTarget(host, target, known)
}

/** Like `checkUrl`, for a URL that was served before: the host may be one that the project no longer has. */
export function checkServedUrl(text: string, known: DeliveryNames): CheckedUrl {
  const split = splitUrl(text)
  return split.ok ? checkTarget(split.host, split.target, known) : split
}

/** The part behind the host: path and query. */
export function checkTarget(host: string, target: string, known: DeliveryNames): CheckedUrl {
  const company = /^\/is\/(?:image|content)\/([^/?]*)/.exec(target)?.[1]
  if (company === '') {
    return refused(
      `It names no company and no asset: write /is/image/${known.companies[0]}/ and an id.`,
    )
  }
  if (company !== undefined && !known.companies.includes(decoded(company))) {
    return refused(
      `It names the company ${quoted(company)}, which is not this project's: use ` +
        `${listed(known.companies)}.${didYouMean(decoded(company), known.companies)}`,
      company,
    )
  }
  const token = /^\/_t\/([^/?]*)/.exec(target)?.[1]
  if (token !== undefined && !hasToken(decoded(token), known)) {
    return refused(
      `It names the token ${quoted(token)}, which is not this project's: use ` +
        `${listed(known.tokens)}.${didYouMean(decoded(token), known.tokens)}`,
      token,
    )
  }
  const parsed = parseDeliveryUrl({ host, target }, known.names)
  if (!parsed.ok)
    return refused(withWayOut(parsed.problem.reason), parsed.problem.parameter ?? undefined)
  return { ok: true, url: parsed.url }
}

type SplitUrl =
  | { readonly ok: true; readonly host: string; readonly hostname: string; readonly target: string }
  | { readonly ok: false; readonly reason: string }

const FULL_URL = /^https?:\/\/([^/?#\\]*)([^]*)$/i

/** Not `new URL` alone, which silently repairs what a person should see: backslashes, spaces, line breaks. */
function splitUrl(text: string): SplitUrl {
  if (text.length > URL_LENGTH_MAX) {
    return refused(
      `It is ${text.length} characters long; a URL has at most ${URL_LENGTH_MAX}: shorten it, or invalidate its asset.`,
    )
  }
  if (!text.isWellFormed()) return refused('It is not well-formed Unicode: copy it again.')
  // oxlint-disable-next-line no-control-regex -- finding them is the purpose
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) {
    return refused('It has a control character: write one URL a line.')
  }
  // A space inside a preset's name is what Dynamic Media's own templates hold; it means %20.
  if (/\shttps?:\/\//i.test(text)) return refused('It holds two URLs: write one a line.')
  if (/[<>]/.test(text))
    return refused('It has < or >: <ID> stands in templates only, in capitals.')
  const [, authority, rest] = FULL_URL.exec(text) ?? []
  if (authority === undefined || rest === undefined) {
    return refused('It does not begin with http:// or https://: write the full URL.')
  }
  if (authority.includes('@')) return refused('It has a user name: leave out what stands before @.')
  if (rest.includes('#')) return refused('It has a fragment: leave out # and what follows.')
  const hostname = URL.parse(`http://${authority}/`)?.hostname ?? ''
  if (authority === '' || hostname === '')
    return refused('It has no valid host: write the full URL.')
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { ok: true, host: authority, hostname: hostname.toLowerCase(), target }
}

/** `<token>.<anything>`, as delivery takes it. */
function isTokenHost(hostname: string, known: DeliveryNames): boolean {
  const dot = hostname.indexOf('.')
  return dot > 0 && hasToken(hostname.slice(0, dot), known)
}

function hasToken(name: string, known: DeliveryNames): boolean {
  return known.tokens.some((token) => token.toLowerCase() === name.toLowerCase())
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function quoted(text: string): string {
  return `"${text}"`
}

/** Names worth showing in one sentence. */
const LISTED_MAX = 5

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none is set, see General Settings'
  const more = names.length > LISTED_MAX ? ' …' : ''
  return names.slice(0, LISTED_MAX).join(', ') + more
}

function refused(
  reason: string,
  part?: string,
): { readonly ok: false; readonly reason: string; readonly part?: string } {
  return { ok: false, reason, ...(part === undefined ? {} : { part }) }
}

/** Is this host one by which the project is delivered? Then it is no origin. */
export function isDeliveryHost(hostname: string, known: DeliveryNames): boolean {
  return known.hosts.has(hostname.toLowerCase()) || isTokenHost(hostname.toLowerCase(), known)
}
