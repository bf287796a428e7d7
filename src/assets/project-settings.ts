import { WILDCARD } from '../contract/origin-rules.ts'
import type { OriginRule } from '../contract/records.ts'
import type { ProjectRow } from '../store/store.ts'
import type { ProjectSettings } from './assets.ts'
import { cropErrors } from './crop-rules.ts'
import { AssetsError } from './errors.ts'
import type { AssetsErrorDetail } from './errors.ts'

/** What settings may be, and in which form they are kept. Pure: uniqueness over projects is judged by whoever has them all. */

/** A key's text is `asset:<project>/<id>`: a project's name holds nothing that could be read as a part of it. */
const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** One segment of a URL path. */
const COMPANY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** One label of a hostname (RFC 1123 §2.1). */
const TOKEN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/

const ORIGIN_ALIAS = /^_[A-Za-z0-9.-][A-Za-z0-9._-]{0,100}_$/

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/

/** Headers that belong to the connection or that the guard sets itself. */
const OWN_HEADERS = [
  'accept-encoding',
  'cache-control',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-modified-since',
  'if-none-match',
  'keep-alive',
  'proxy-authorization',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const

/** Of a new project: CDN lifetime 10 hours, as Dynamic Media's; browsers a minute. */
export const PROJECT_DEFAULTS = {
  company: null,
  aliases: [],
  publishServer: null,
  tokens: [],
  hosts: [],
  origins: [],
  originAliases: {},
  cdnTtlSeconds: 36_000,
  browserTtlSeconds: 60,
  automaticInvalidation: true,
  maxUrlsPerInvalidation: 1000,
  maxOriginalsPerInvalidation: 10,
  supportUrl: null,
  template: '',
  templateVersion: 0,
  presets: {},
  assetSource: { kind: 'library' },
} as const satisfies Omit<ProjectRow, 'id' | 'createdAt'>

export function checkProjectId(id: string): void {
  if (PROJECT_ID.test(id)) return
  const reason = 'A project’s name has 1 to 64 letters, digits, dashes or underscores.'
  throw new AssetsError('bad-settings', reason, { errors: [{ pointer: '/id', reason }] })
}

/** The same settings in the form in which they are kept; throws with everything that is wrong. */
export function normalizeSettings(settings: ProjectSettings): ProjectSettings {
  const kept: ProjectSettings = {
    ...settings,
    ...(settings.tokens ? { tokens: settings.tokens.map((token) => token.toLowerCase()) } : {}),
    ...(settings.hosts ? { hosts: settings.hosts.map(asciiHost) } : {}),
    ...(settings.origins ? { origins: settings.origins.map(normalizeOrigin) } : {}),
    ...(settings.publishServer ? { publishServer: normalizeServer(settings.publishServer) } : {}),
  }
  const errors = [
    ...nameErrors(kept),
    ...originErrors(kept.origins ?? []),
    ...aliasErrors(kept.originAliases ?? {}),
    ...numberErrors(kept),
    ...serverErrors(kept),
    ...cropErrors(kept.smartCrops ?? []),
  ]
  if (errors.length > 0) {
    throw new AssetsError('bad-settings', 'Some settings are not possible.', { errors })
  }
  return kept
}

function normalizeOrigin(rule: OriginRule): OriginRule {
  const headers = Object.entries(rule.headers ?? {})
  return {
    ...rule,
    host: asciiHost(rule.host),
    scheme: rule.scheme ?? 'https',
    ...(headers.length > 0
      ? { headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])) }
      : {}),
  }
}

/** As the URL parser writes it, and so every comparison at delivery: `Bücher.example` is `xn--bcher-kva.example`. */
function asciiHost(host: string): string {
  const plain = /^[^\s/?#@:\\%]+$/.test(host)
  return (plain ? URL.parse(`http://${host}`)?.hostname : undefined) ?? host.toLowerCase()
}

/** Without the final slash, so that `<publish server>/is/image` is right. */
function normalizeServer(text: string): string {
  const url = URL.parse(text)
  return url && url.pathname === '/' && url.search === '' && url.hash === '' ? url.origin : text
}

function nameErrors(settings: ProjectSettings): readonly AssetsErrorDetail[] {
  const company = settings.company ?? null
  const segment = 'One path segment: letters, digits, dots, dashes and underscores.'
  return [
    ...(company === null ? [] : formed('/company', company, COMPANY, segment)),
    ...(settings.aliases ?? []).flatMap((text, at) =>
      formed(`/aliases/${at}`, text, COMPANY, segment),
    ),
    ...(settings.tokens ?? []).flatMap((text, at) =>
      formed(`/tokens/${at}`, text, TOKEN, 'One label of a hostname: letters, digits and dashes.'),
    ),
    ...(settings.hosts ?? []).flatMap((text, at) =>
      formed(`/hosts/${at}`, text, HOST, 'A hostname without scheme, port and path.'),
    ),
  ]
}

function formed(
  pointer: string,
  text: string,
  form: RegExp,
  reason: string,
): readonly AssetsErrorDetail[] {
  return form.test(text) ? [] : [{ pointer, reason }]
}

function originErrors(rules: readonly OriginRule[]): readonly AssetsErrorDetail[] {
  return rules.flatMap((rule, at) => {
    const pointer = `/origins/${at}`
    const again = rules.findIndex((other) => other.host === rule.host) !== at
    const aim = rule.connectTo === undefined ? null : URL.parse(`http://${rule.connectTo}`)
    const aimed = aim === null || (aim.pathname === '/' && aim.username === '' && aim.search === '')
    return [
      ...(isHost(rule.host)
        ? []
        : [
            {
              pointer: `${pointer}/host`,
              reason: 'A hostname without scheme, port and path; *. and one for all below it.',
            },
          ]),
      ...(again ? [{ pointer: `${pointer}/host`, reason: 'This host is listed twice.' }] : []),
      ...(aimed && (rule.connectTo === undefined || aim !== null)
        ? []
        : [{ pointer: `${pointer}/connectTo`, reason: 'Write host:port, as in 127.0.0.1:9000.' }]),
      ...headerErrors(`${pointer}/headers`, rule.headers ?? {}),
      ...limitErrors(pointer, rule),
    ]
  })
}

/** A name, an IPv4 address or an IPv6 address in brackets. `*.` alone, or with one label, would be an open proxy. */
function isHost(text: string): boolean {
  if (!text.includes('*')) return HOST.test(text) || URL.parse(`http://${text}`)?.hostname === text
  const host = text.startsWith(WILDCARD) ? text.slice(WILDCARD.length) : ''
  return HOST.test(host) && host.replace(/\.$/, '').includes('.') && !/^[\d.]+$/.test(host)
}

/** Beyond this a limit would protect nobody's web server. */
const ORIGIN_LIMIT_MAX = 1000

function limitErrors(pointer: string, rule: OriginRule): readonly AssetsErrorDetail[] {
  const { connectionsMax, readsPerSecond } = rule
  return Object.entries({ connectionsMax, readsPerSecond }).flatMap(([name, value]) =>
    value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= ORIGIN_LIMIT_MAX)
      ? []
      : [
          {
            pointer: `${pointer}/${name}`,
            reason: `A whole number from 1 to ${ORIGIN_LIMIT_MAX}.`,
          },
        ],
  )
}

function headerErrors(
  pointer: string,
  headers: Readonly<Record<string, string>>,
): readonly AssetsErrorDetail[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if ((OWN_HEADERS as readonly string[]).includes(name)) {
      return [{ pointer, reason: `The header ${name} is set by Sluice itself.` }]
    }
    if (value.includes('{{')) {
      // Cloudimage fills these in for each visitor ("Origin security headers"): what one of them got is kept for all here.
      return [{ pointer, reason: `The header ${name} has a variable: only fixed values are sent.` }]
    }
    const fine = HEADER_NAME.test(name) && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)
    return fine ? [] : [{ pointer, reason: `The header ${JSON.stringify(name)} is not valid.` }]
  })
}

function aliasErrors(aliases: Readonly<Record<string, string>>): readonly AssetsErrorDetail[] {
  return Object.entries(aliases).flatMap(([name, prefix]) => {
    const pointer = `/originAliases/${name}`
    const url = URL.parse(`https://${prefix}`)
    return [
      ...(ORIGIN_ALIAS.test(name) ? [] : [{ pointer, reason: 'Write the alias as _name_.' }]),
      ...(url && url.username === '' && url.hash === '' && !prefix.includes('://')
        ? []
        : [{ pointer, reason: 'Write what it stands for without scheme: host/path.' }]),
    ]
  })
}

function numberErrors(settings: ProjectSettings): readonly AssetsErrorDetail[] {
  const least = {
    cdnTtlSeconds: 0,
    browserTtlSeconds: 0,
    maxUrlsPerInvalidation: 1,
    maxOriginalsPerInvalidation: 1,
  } as const
  return Object.entries(least).flatMap(([name, minimum]) => {
    const value = settings[name as keyof typeof least]
    return value === undefined || (Number.isSafeInteger(value) && value >= minimum)
      ? []
      : [{ pointer: `/${name}`, reason: `A whole number, at least ${minimum}.` }]
  })
}

function serverErrors(settings: ProjectSettings): readonly AssetsErrorDetail[] {
  const server = settings.publishServer ?? null
  const support = settings.supportUrl ?? null
  const origin = server === null ? null : URL.parse(server)
  return [
    ...(server === null || (origin?.origin === server && /^https?:$/.test(origin.protocol))
      ? []
      : [
          {
            pointer: '/publishServer',
            reason: 'Write scheme and host: https://images.example.com.',
          },
        ]),
    ...(support === null || /^(?:https?|mailto):/.test(URL.parse(support)?.protocol ?? '')
      ? []
      : [{ pointer: '/supportUrl', reason: 'Write an https:// or mailto: address.' }]),
  ]
}
