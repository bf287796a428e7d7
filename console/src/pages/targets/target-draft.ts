import type { Target, TargetPut } from '../../../../src/contract/api/targets.ts'
import { headerOf, headerText, headersOf, wrongHeaders } from '../../header-lines.ts'

/** A cache outside Sluice as it is typed: lists are one entry a line, headers `name: value`. */
export interface TargetDraft {
  readonly id: string
  readonly hosts: string
  readonly purge: PatternDraft
  /** Whether everything goes by one request of its own. */
  readonly hasEverything: boolean
  readonly everything: PatternDraft
  readonly secrets: readonly SecretDraft[]
  readonly statuses: string
  readonly bodyHolds: string
  readonly timeoutSeconds: number
  readonly concurrency: number
  /** NaN: no limit. */
  readonly requestsPerSecond: number
  readonly allowPrivate: boolean
  readonly verifyAddress: string
  readonly fillBoundSeconds: number
  readonly askerAddresses: string
  readonly askerHeader: string
  readonly tagHeader: string
  readonly paused: boolean
}

export interface PatternDraft {
  readonly method: string
  readonly url: string
  readonly headers: string
  readonly body: string
}

export interface SecretDraft {
  readonly name: string
  readonly value: string
  /** There is a value already, which is never shown: an empty field keeps it. */
  readonly isKept: boolean
}

type Settings = NonNullable<Target['settings']>

const NO_PATTERN: PatternDraft = { method: 'POST', url: '', headers: '', body: '' }

/** As Varnish is asked since its first version: `PURGE` with the public Host. */
export const NEW_TARGET: TargetDraft = {
  id: '',
  hosts: '',
  purge: { method: 'PURGE', url: '', headers: 'host: {host}', body: '' },
  hasEverything: false,
  everything: NO_PATTERN,
  secrets: [],
  statuses: '200, 201, 202, 204',
  bodyHolds: '',
  timeoutSeconds: 10,
  concurrency: 4,
  requestsPerSecond: Number.NaN,
  allowPrivate: false,
  verifyAddress: '',
  fillBoundSeconds: 5,
  askerAddresses: '',
  askerHeader: '',
  tagHeader: '',
  paused: false,
}

export function draftOf(id: string, settings: Settings): TargetDraft {
  const { purge, everything, success, askers } = settings
  return {
    id,
    hosts: settings.hosts.join('\n'),
    purge: patternDraft(purge),
    hasEverything: everything !== null,
    everything: everything === null ? NO_PATTERN : patternDraft(everything),
    secrets: Object.keys(settings.secretHeaders).map((name) => ({
      name,
      value: '',
      isKept: true,
    })),
    statuses: success.statuses.join(', '),
    bodyHolds: success.bodyHolds ?? '',
    timeoutSeconds: settings.timeoutSeconds,
    concurrency: settings.concurrency,
    requestsPerSecond: settings.requestsPerSecond ?? Number.NaN,
    allowPrivate: settings.allowPrivate,
    verifyAddress: settings.verifyAddress ?? '',
    fillBoundSeconds: settings.fillBoundSeconds,
    askerAddresses: askers.addresses.join('\n'),
    askerHeader: headerDraft(askers.header),
    tagHeader: settings.tagHeader ?? '',
    paused: settings.paused,
  }
}

export function settingsOf(draft: TargetDraft): TargetPut {
  return {
    kind: 'generic-http',
    paused: draft.paused,
    hosts: entries(draft.hosts),
    purge: patternOf(draft.purge),
    everything: draft.hasEverything ? patternOf(draft.everything) : null,
    secretHeaders: Object.fromEntries(
      draft.secrets
        .filter(({ name }) => name.trim() !== '')
        .map(({ name, value, isKept }) => [
          name.trim().toLowerCase(),
          isKept && value === '' ? null : value,
        ]),
    ),
    success: { statuses: entries(draft.statuses).map(Number), bodyHolds: orNull(draft.bodyHolds) },
    timeoutSeconds: draft.timeoutSeconds,
    concurrency: draft.concurrency,
    requestsPerSecond: Number.isNaN(draft.requestsPerSecond) ? null : draft.requestsPerSecond,
    allowPrivate: draft.allowPrivate,
    verifyAddress: orNull(draft.verifyAddress),
    fillBoundSeconds: draft.fillBoundSeconds,
    askers: { addresses: entries(draft.askerAddresses), header: askerHeader(draft.askerHeader) },
    tagHeader: orNull(draft.tagHeader),
  }
}

/** Why it cannot be saved yet; null when the server may judge it. `taken`: names that a new one cannot have. */
export function wrongIn(draft: TargetDraft, taken: readonly string[] = []): string | null {
  const id = draft.id.trim()
  if (id === '') return 'It has no name yet.'
  if (taken.includes(id)) return `There is a target ${id} already.`
  if (draft.purge.url.trim() === '') return 'It has no purge address yet.'
  const patterns = draft.hasEverything ? [draft.purge, draft.everything] : [draft.purge]
  const header = patterns.map(({ headers }) => wrongHeaders(headers)).find((one) => one !== null)
  if (header !== undefined) return header
  if (entries(draft.statuses).some((status) => !/^[2-5]\d\d$/.test(status))) {
    return 'Statuses are three digits, separated by commas.'
  }
  const numbers = [draft.timeoutSeconds, draft.concurrency, draft.fillBoundSeconds]
  return numbers.some((number) => Number.isNaN(number)) ? 'A number is missing.' : null
}

function patternDraft({ method, url, headers, body }: Settings['purge']): PatternDraft {
  return { method, url, headers: headerText(headers), body: body ?? '' }
}

function patternOf({ method, url, headers, body }: PatternDraft): TargetPut['purge'] {
  return {
    method: method.trim().toUpperCase(),
    url: url.trim(),
    headers: headersOf(headers),
    body: body === '' ? null : body,
  }
}

type AskerHeader = Settings['askers']['header']

function headerDraft(header: AskerHeader): string {
  if (header === null) return ''
  return header.value === null ? header.name : `${header.name}: ${header.value}`
}

/** A name alone: the header with any value. */
function askerHeader(text: string): AskerHeader {
  if (text.trim() === '') return null
  if (!text.includes(':')) return { name: text.trim(), value: null }
  const [name, value] = headerOf(text)
  return { name, value }
}

function entries(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}
