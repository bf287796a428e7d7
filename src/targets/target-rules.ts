import { parseNetworks } from '../kernel/trusted-proxies.ts'
import {
  PLACEHOLDERS,
  TARGET_DEFAULTS,
  filledIn,
  placeholdersIn,
  urlValues,
  usesTags,
} from '../contract/targets.ts'
import type { OuterTarget, RequestPattern } from '../contract/targets.ts'

/** What a target's settings may be beyond their types, and in which form they are kept. Pure. */

export interface SettingsProblem {
  readonly pointer: string
  readonly reason: string
}

/** As a person gives them: what is left out has its default, and `null` keeps a secret that is known already. */
export type GivenTarget = Pick<OuterTarget, 'kind' | 'purge'> &
  Partial<Omit<OuterTarget, 'kind' | 'purge' | 'secretHeaders'>> & {
    readonly secretHeaders?: Readonly<Record<string, string | null>>
  }

/** Fields of one connection (RFC 9110 §7.6.1) and what the sender computes. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What everybody who may see the settings would read: these belong among the secret ones. */
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie'])

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
/** They have a meaning of their own to clients and proxies. */
const METHODS_REFUSED = ['CONNECT', 'TRACE']

export function settingsOf(given: GivenTarget, before: OuterTarget | undefined): OuterTarget {
  const { kind, purge, secretHeaders = {}, ...rest } = given
  const secrets = Object.entries(secretHeaders).flatMap(([name, value]) => {
    const kept = value ?? before?.secretHeaders[name.toLowerCase()]
    return kept === undefined ? [] : [[name.toLowerCase(), kept] as const]
  })
  return {
    ...TARGET_DEFAULTS,
    ...rest,
    kind,
    purge: lowerCased(purge),
    everything: rest.everything ? lowerCased(rest.everything) : null,
    hosts: (rest.hosts ?? []).map((host) => host.toLowerCase()),
    secretHeaders: Object.fromEntries(secrets),
  }
}

/** Secrets that were to be kept and cannot be: there is none, or it would go to another place than the one it was given for. */
export function secretProblems(
  given: GivenTarget,
  before: OuterTarget | undefined,
): readonly SettingsProblem[] {
  const names = Object.entries(given.secretHeaders ?? {}).flatMap(([name, value]) =>
    value === null ? [name.toLowerCase()] : [],
  )
  const known = before === undefined ? [] : placesOf(before)
  const moved = placesOf(given).some((place) => !known.includes(place))
  return names.flatMap((name) => {
    const pointer = `/secretHeaders/${name}`
    if (before?.secretHeaders[name] === undefined) {
      return [{ pointer, reason: 'There is no value to keep: give one.' }]
    }
    return moved ? [{ pointer, reason: 'The address has changed: give the value again.' }] : []
  })
}

/** Where requests with secrets go. */
function placesOf({
  purge,
  everything,
}: Pick<GivenTarget, 'purge' | 'everything'>): readonly string[] {
  const patterns = everything ? [purge, everything] : [purge]
  return patterns.map(({ url }) => /^[^:]*:\/\/[^/?#]*/.exec(url)?.[0] ?? url)
}

function lowerCased(pattern: RequestPattern): RequestPattern {
  const headers = Object.entries(pattern.headers).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ])
  return { ...pattern, headers: Object.fromEntries(headers) as Record<string, string> }
}

export function settingsProblems(settings: OuterTarget): readonly SettingsProblem[] {
  const { purge, everything, tagHeader } = settings
  return [
    ...requestProblems('/purge', purge),
    ...(everything === null ? [] : requestProblems('/everything', everything)),
    ...headerProblems('/secretHeaders', settings.secretHeaders),
    ...placeProblems(settings),
    ...askerProblems(settings),
    ...(usesTags(purge) && tagHeader === null
      ? [
          {
            pointer: '/tagHeader',
            reason: 'Purging by {tag} needs the response header that answers bear their tags in.',
          },
        ]
      : []),
    ...(tagHeader !== null && !HEADER_NAME.test(tagHeader.toLowerCase())
      ? [{ pointer: '/tagHeader', reason: 'That is not a name of a header.' }]
      : []),
  ]
}

const SAMPLE = { ...urlValues(new URL('http://www.example.com/a/b?c=d')), tag: 'tag' }

function requestProblems(pointer: string, pattern: RequestPattern): readonly SettingsProblem[] {
  const { method, url, headers } = pattern
  const unknown = [url, ...Object.values(headers)]
    .flatMap(placeholdersIn)
    .filter((name) => !(PLACEHOLDERS as readonly string[]).includes(name))
  const plain = Object.keys(headers).filter((name) => SECRET_HEADERS.has(name))
  return [
    ...(METHODS_REFUSED.includes(method)
      ? [{ pointer: `${pointer}/method`, reason: `${method} is no request for a purge.` }]
      : []),
    ...unknown.map((name) => ({
      pointer,
      reason: `{${name}} means nothing here: use ${PLACEHOLDERS.map((each) => `{${each}}`).join(', ')}.`,
    })),
    ...(isWebUrl(filledIn(url, SAMPLE))
      ? []
      : [
          {
            pointer: `${pointer}/url`,
            reason: 'Write a full URL, as in http://10.0.0.5:6081{target}, without a user name.',
          },
        ]),
    ...headerProblems(`${pointer}/headers`, headers),
    ...plain.map((name) => ({
      pointer: `${pointer}/headers/${name}`,
      reason: 'Put it among the secret headers, which are never shown.',
    })),
  ]
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  )
}

function headerProblems(
  pointer: string,
  headers: Readonly<Record<string, string>>,
): readonly SettingsProblem[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (OWN_HEADERS.has(name)) {
      return [{ pointer: `${pointer}/${name}`, reason: 'Sluice sets this header itself.' }]
    }
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value)) return []
    return [{ pointer: `${pointer}/${name}`, reason: 'That is not a header that HTTP allows.' }]
  })
}

function isHost(host: string): boolean {
  return URL.parse(`http://${host}/`)?.host === host
}

function placeProblems({ verifyAddress, hosts }: OuterTarget): readonly SettingsProblem[] {
  const base = verifyAddress === null ? null : URL.parse(verifyAddress)
  const fine = verifyAddress === null || (isWebUrl(verifyAddress) && base?.search === '')
  return [
    ...(fine
      ? []
      : [{ pointer: '/verifyAddress', reason: 'Write its base URL, as in http://10.0.0.5:6081.' }]),
    ...hosts.flatMap((host, at) =>
      isHost(host)
        ? []
        : [{ pointer: `/hosts/${at}`, reason: 'A hostname, with a port where its URLs have one.' }],
    ),
  ]
}

function askerProblems({ askers }: OuterTarget): readonly SettingsProblem[] {
  const { addresses, header } = askers
  return [
    ...addresses.flatMap((text, at) =>
      parseNetworks(text)?.length === 1
        ? []
        : [{ pointer: `/askers/addresses/${at}`, reason: 'An address or network: 10.0.0.0/8.' }],
    ),
    ...(header !== null && !HEADER_NAME.test(header.name.toLowerCase())
      ? [{ pointer: '/askers/header/name', reason: 'That is not a name of a header.' }]
      : []),
  ]
}
