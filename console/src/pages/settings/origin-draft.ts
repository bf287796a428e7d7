import type { Project } from '../../../../src/contract/api/projects.ts'
import { headerText, headersOf, wrongHeaders } from '../../header-lines.ts'

/** A host from which originals may be fetched, as it is typed. */
export interface OriginDraft {
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly connectTo: string
  readonly allowPrivate: boolean
  /** One a line: `name: value`. */
  readonly headers: string
  /** NaN: the standard. */
  readonly connectionsMax: number
  /** NaN: the standard. */
  readonly readsPerSecond: number
}

type Origin = Project['origins'][number]

export const NEW_ORIGIN: OriginDraft = {
  host: '',
  scheme: 'https',
  connectTo: '',
  allowPrivate: false,
  headers: '',
  connectionsMax: Number.NaN,
  readsPerSecond: Number.NaN,
}

export function originDraft(origin: Origin): OriginDraft {
  return {
    host: origin.host,
    scheme: origin.scheme ?? 'https',
    connectTo: origin.connectTo ?? '',
    allowPrivate: origin.allowPrivate ?? false,
    headers: headerText(origin.headers ?? {}),
    connectionsMax: origin.connectionsMax ?? Number.NaN,
    readsPerSecond: origin.readsPerSecond ?? Number.NaN,
  }
}

export function originOf(draft: OriginDraft): Origin {
  const { connectionsMax, readsPerSecond } = draft
  return {
    host: draft.host.trim(),
    scheme: draft.scheme,
    ...(draft.connectTo.trim() === '' ? {} : { connectTo: draft.connectTo.trim() }),
    ...(draft.allowPrivate ? { allowPrivate: true } : {}),
    ...(draft.headers.trim() === '' ? {} : { headers: headersOf(draft.headers) }),
    ...(Number.isNaN(connectionsMax) ? {} : { connectionsMax }),
    ...(Number.isNaN(readsPerSecond) ? {} : { readsPerSecond }),
  }
}

/** Why it cannot be saved yet; null when the server may judge it. */
export function wrongOrigin({ host, headers }: OriginDraft): string | null {
  return host.trim() === '' ? 'An origin has no host.' : wrongHeaders(headers)
}
