import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { LookupFunction, Socket } from 'node:net'
import { callbackify } from 'node:util'
import ipaddr from 'ipaddr.js'
import { buildConnector } from 'undici'

/**
 * Connections that must not lead into a private network. An address is judged three times: a literal before connecting, every
 * answer of a lookup (the connection then uses just these, so a name that resolves differently a moment later changes nothing), and
 * the socket's own peer once connected.
 */

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** Resolves a hostname to all its addresses. */
export type LookupAll = (hostname: string) => Promise<readonly ResolvedAddress[]>

export const lookupAll: LookupAll = (hostname) => systemLookup(hostname, { all: true })

export interface AddressRules {
  readonly permitted: (address: string) => boolean
  readonly connectTimeoutMs: number
  readonly resolve: LookupAll
  /** What is thrown for a host that leads to an address that is not permitted. */
  readonly refused: (host: string) => Error
  /** What is thrown for a name without any address. */
  readonly unresolved: (host: string) => Error
  /** Where to connect instead; the name that TLS checks stays. */
  readonly aim?: (options: buildConnector.Options) => buildConnector.Options
}

/** IPv4-compatible IPv6 (RFC 4291 §2.5.5.1, deprecated): an IPv4 address in other clothes that counts as unicast. */
const IPV4_COMPATIBLE = ipaddr.parseCIDR('::/96')

/** Whether an address belongs to the public internet: not loopback, private, link-local, shared, mapped, translated … */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(bare)) return false
  const parsed = ipaddr.process(bare)
  if (parsed.kind() === 'ipv6' && parsed.match(IPV4_COMPATIBLE)) return false
  return parsed.range() === 'unicast'
}

/** Where clouds answer any process of a machine with its credentials: no setting should ever lead there. */
const METADATA_IPV6 = 'fd00:ec2::254'

/** Whether an address may be asked where private ones are permitted: all but link-local ones. */
export function isPrivateOrPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(bare)) return false
  const parsed = ipaddr.process(bare)
  return parsed.range() !== 'linkLocal' && parsed.toString() !== METADATA_IPV6
}

/** A connector for undici's Agent, which asks it for every new connection. */
export function guardedConnector(rules: AddressRules): buildConnector.connector {
  const { permitted, refused } = rules
  const connect = buildConnector({
    timeout: rules.connectTimeoutMs,
    allowH2: false,
    lookup: guardedLookup(rules),
  })
  return (options, callback) => {
    const aim = rules.aim?.(options) ?? options
    if (isIP(aim.hostname.replace(/^\[|\]$/g, '')) !== 0 && !permitted(aim.hostname)) {
      callback(refused(aim.hostname), null)
      return
    }
    connect(aim, (...result) => {
      const [error, socket] = result
      if (error) callback(error, null)
      else if (peerPermitted(socket, permitted)) callback(null, socket)
      else {
        socket.destroy()
        callback(refused(aim.hostname), null)
      }
    })
  }
}

function peerPermitted(socket: Socket, permitted: (address: string) => boolean): boolean {
  return socket.remoteAddress !== undefined && permitted(socket.remoteAddress)
}

function guardedLookup(rules: AddressRules): LookupFunction {
  const check = callbackify((hostname: string) => permittedAddresses(hostname, rules))
  return (hostname, options, callback) => {
    check(hostname, (error, addresses) => {
      if (error) callback(error, '', 0)
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, addresses[0].address, addresses[0].family)
    })
  }
}

/** One bad address refuses the name: a name with a public and a private address is how rebinding begins. */
async function permittedAddresses(
  hostname: string,
  { resolve, permitted, refused, unresolved }: AddressRules,
): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> {
  const [first, ...others] = await resolve(hostname)
  if (!first) throw unresolved(hostname)
  if (![first, ...others].every((entry) => permitted(entry.address))) throw refused(hostname)
  return [first, ...others]
}
