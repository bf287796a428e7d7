import ipaddr from 'ipaddr.js'

/** What a request's connection says about its client, after the word of proxies that are trusted. */
export interface SeenClient {
  readonly client: string
  readonly scheme: 'http' | 'https' | null
  readonly host: string | null
}

export interface TrustedProxies {
  read(remoteAddress: string, headers: Readonly<Record<string, string | undefined>>): SeenClient
}

/** Reads `10.0.0.0/8, ::1`; undefined when an entry is neither an address nor a network. */
export function parseNetworks(
  list: string,
): readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[] | undefined {
  const networks: (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[] = []
  for (const entry of list.split(/[\s,]+/).filter((part) => part !== '')) {
    if (ipaddr.isValidCIDR(entry)) networks.push(ipaddr.parseCIDR(entry))
    else if (ipaddr.isValid(entry))
      networks.push([ipaddr.process(entry), ipaddr.process(entry).kind() === 'ipv4' ? 32 : 128])
    else return undefined
  }
  return networks
}

/** `X-Forwarded-*` counts only when the connection comes from one of `networks`; from anyone else it does nothing. */
export function trustedProxies(
  networks: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[],
): TrustedProxies {
  // Nobody is trusted unless somebody is named; then no address need be read.
  const trusts = (address: string): boolean => networks.length > 0 && inNetworks(address, networks)
  return {
    read(remoteAddress, headers) {
      if (!trusts(remoteAddress)) return { client: remoteAddress, scheme: null, host: null }
      const chain = (headers['x-forwarded-for'] ?? '').split(',').map((part) => part.trim())
      // From the right: the nearest address that no proxy of ours vouches for is the client.
      const client = chain
        .toReversed()
        .find((address) => ipaddr.isValid(address) && !trusts(address))
      const scheme = headers['x-forwarded-proto']?.split(',').at(-1)?.trim().toLowerCase()
      return {
        client: client ?? remoteAddress,
        scheme: scheme === 'http' || scheme === 'https' ? scheme : null,
        host: headers['x-forwarded-host']?.split(',').at(-1)?.trim() || null,
      }
    },
  }
}

export function inNetworks(
  address: string,
  networks: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[],
): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return networks.some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  )
}
