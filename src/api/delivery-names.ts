import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { projectNames } from '../contract/project-names.ts'
import type { NamesRecord } from '../contract/records.ts'
import { signTarget } from '../contract/signed-url.ts'
import type { ProjectRow } from '../store/store.ts'
import { ApiError } from './errors.ts'
import type { EdgeAddress } from './views.ts'

/** A URL that a person pasted, and what it means to this project. */

export interface AskedUrl {
  /** As it is asked of an edge: Host and target. */
  readonly host: string
  readonly target: string
  /** The same, signed for a moment, where the project delivers signed URLs alone. */
  readonly signed?: string
  readonly meaning: DeliveryUrl
}

const FULL_URL = /^https?:\/\/([^/?#@\s]+)([/?][^#\s]*)?$/i

export function namesOf(projects: readonly ProjectRow[]): NamesRecord {
  return { projects: projects.map(projectNames) }
}

/** Only what an edge would deliver for this very project may be asked: this is no proxy for anything else. */
export function askedUrl(
  url: string,
  project: string,
  names: NamesRecord,
  edges: readonly EdgeAddress[],
): AskedUrl {
  const { host, target } = splitUrl(url, edges)
  const parsed = parseDeliveryUrl({ host, target }, names)
  if (!parsed.ok) throw foreign(`${parsed.problem.reason}.`)
  if (parsed.url.project !== project) {
    throw foreign('Its host, company or token is none of this project.')
  }
  return { host, target, meaning: parsed.url }
}

/** Long enough for one question to an edge. */
const SIGNED_SECONDS = 60

/** As a visitor would ask who got the URL from the project's own pages. */
export function signedUrl(asked: AskedUrl, names: NamesRecord, wallMs: number): AskedUrl {
  const { project } = asked.meaning
  const key = names.projects.find((each) => each.project === project)?.signing?.keys[0]
  if (!key) return asked
  const expiresAt = wallMs / 1000 + SIGNED_SECONDS
  return { ...asked, signed: signTarget(asked.target, project, key, expiresAt) }
}

function splitUrl(url: string, edges: readonly EdgeAddress[]): { host: string; target: string } {
  if (url.startsWith('/') && !url.startsWith('//')) {
    const edge = edges[0]
    return { host: edge === undefined ? 'localhost' : new URL(edge.url).host, target: asSent(url) }
  }
  const found = FULL_URL.exec(url)
  if (found === null) throw foreign('Give a full http or https URL, without a fragment.')
  const rest = found[2] ?? '/'
  return { host: hostIn(found[1]!), target: asSent(rest.startsWith('?') ? `/${rest}` : rest) }
}

/** As a browser would send it: names in other scripts become ASCII (RFC 5890). */
function hostIn(text: string): string {
  const base = `http://${text}`
  if (!URL.canParse(base)) throw foreign('Its host is none.')
  return new URL(base).host
}

/** What people paste may hold letters that no request line can (RFC 9112 §3.2): browsers encode them. */
function asSent(target: string): string {
  return target.toWellFormed().replaceAll(/\P{ASCII}+/gu, encodeURIComponent)
}

function foreign(reason: string): ApiError {
  return new ApiError('foreign-url', reason, { errors: [{ pointer: '/url', reason }] })
}
