import { isIP } from 'node:net'
import type { buildConnector } from 'undici'
import { originRuleFor } from '../contract/origin-rules.ts'
import type { OriginRule } from '../contract/records.ts'
import { guardedConnector as connectorWith, isPublicAddress } from '../kernel/address-guard.ts'
import type { LookupAll } from '../kernel/address-guard.ts'
import { OriginError } from './errors.ts'

/** The guard of remote originals: allowed hosts alone, and of those only public addresses unless their rule permits others. */

/** TCP and TLS together; the whole fetch has its own deadline. */
const CONNECT_TIMEOUT_MS = 5000

/** Besides the web's own ports only those that no privileged service (mail, SSH, databases of old) listens at. */
const PRIVILEGED_PORTS_END = 1024
const WEB_PORTS = [80, 443] as const

/** The URL of an original under a rule; refuses what is not a plain address on the rule's host. */
export function originalUrl(rule: OriginRule, original: string): URL {
  // The parser skips further slashes.
  if (/^[/\\]/.test(original)) throw refusedHost('')
  const url = parseUrl(`${rule.scheme}://${original}`)
  // `http://a/b` would parse with host `http`; only what begins with the rule's host is an original of it.
  if (!allows(rule, url.hostname)) throw refusedHost(url.hostname)
  checkUrl(url)
  return url
}

/** The rule that allows a URL, or a refusal. An encrypted rule never allows the plain scheme. */
export function ruleFor(url: URL, allowed: readonly OriginRule[]): OriginRule {
  const rule =
    allowed.find((candidate) => ruleHostname(candidate) === url.hostname) ??
    originRuleFor(url.hostname, allowed)
  if (!rule) throw refusedHost(url.hostname)
  checkUrl(url)
  if (url.protocol === 'http:' && rule.scheme === 'https') {
    throw new OriginError('redirect-refused', `${url.hostname} is only read over https.`)
  }
  return rule
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (!url) throw new OriginError('bad-original', 'The original is not a valid address.')
  return url
}

function checkUrl(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OriginError('redirect-refused', 'Originals are read over http or https alone.')
  }
  if (url.username !== '' || url.password !== '') {
    throw new OriginError('bad-original', 'An original has no user name or password in it.')
  }
  if (!isAllowedPort(url.port)) {
    throw new OriginError('bad-original', `Originals are not read at port ${url.port}.`)
  }
}

function isAllowedPort(port: string): boolean {
  const number = Number(port)
  return (
    port === '' ||
    number >= PRIVILEGED_PORTS_END ||
    (WEB_PORTS as readonly number[]).includes(number)
  )
}

/** As the URL parser writes it: `0x7f.1` becomes `127.0.0.1`, `[::1]` keeps its brackets. */
function ruleHostname(rule: OriginRule): string | undefined {
  return URL.parse(`http://${rule.host}`)?.hostname
}

function allows(rule: OriginRule, hostname: string): boolean {
  return ruleHostname(rule) === hostname || originRuleFor(hostname, [rule]) !== null
}

function refusedHost(host: string): OriginError {
  return new OriginError('host-not-allowed', `The host ${host} is not among the project's origins.`)
}

function refusedAddress(host: string): OriginError {
  return new OriginError(
    'address-refused',
    `The host ${host} leads to an address that is not public. An origin may permit that with allowPrivate.`,
  )
}

/** A connector for one rule: undici asks it for every new connection. */
export function guardedConnector(rule: OriginRule, resolve: LookupAll): buildConnector.connector {
  return connectorWith({
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    resolve,
    permitted: (address) => rule.allowPrivate === true || isPublicAddress(address),
    refused: () => refusedAddress(rule.host),
    unresolved: (host) => new OriginError('origin-unreachable', `${host} has no address.`),
    aim: (options) => connectAim(rule, options),
  })
}

/** Where to connect: `connectTo` replaces the address, never the name that TLS checks. */
function connectAim(rule: OriginRule, options: buildConnector.Options): buildConnector.Options {
  if (rule.connectTo === undefined) return options
  const aim = parseUrl(`${options.protocol}//${rule.connectTo}`)
  const named = isIP(options.hostname.replace(/^\[|\]$/g, '')) === 0
  return {
    ...options,
    hostname: aim.hostname,
    host: aim.host,
    port: aim.port || (options.protocol === 'https:' ? '443' : '80'),
    ...(named ? { servername: options.servername || options.hostname } : {}),
  }
}
