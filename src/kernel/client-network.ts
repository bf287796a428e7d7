import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What one subscriber of IPv6 is given at least (RFC 6177 §2): limits for single addresses of it would be none. */
const IPV6_PREFIX_PARTS = 4

/** By what limits for an address count: the address itself, of IPv6 its network of 64 bits; IPv4 in IPv6 clothes is IPv4. */
export function clientNetwork(address: string): string {
  // Four decimal numbers without leading zeros are spelled in one way alone; most addresses are such, and a flood pays for each look.
  if (isIPv4(address)) return address
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const { parts } = parsed as ipaddr.IPv6
  return `${parts
    .slice(0, IPV6_PREFIX_PARTS)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
