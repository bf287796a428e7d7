import type { OriginRule } from './records.ts'

/** A rule for every host below one, at any depth; the host itself is not among them. */
export const WILDCARD = '*.'

/**
 * The rule that allows a host: its own, else the longest `*.` that it lies below. Closed by default: Cloudimage's "Domain
 * whitelist" lets in every subdomain of a listed host, ours only those of a host that was asked for so.
 */
export function originRuleFor(host: string, rules: readonly OriginRule[]): OriginRule | null {
  const exact = rules.find((rule) => rule.host === host)
  if (exact) return exact
  const wide = rules
    .filter((rule) => rule.host.startsWith(WILDCARD) && host.endsWith(rule.host.slice(1)))
    .sort((one, other) => other.host.length - one.host.length)
  return wide[0] ?? null
}

/** The host of a canonical original, without its port. */
export function hostOfOriginal(original: string): string {
  return (original.split('/', 1)[0] ?? '').replace(/:\d+$/, '')
}
