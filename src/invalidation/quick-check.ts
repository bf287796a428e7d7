import { checkUrl } from './url-check.ts'
import type { CheckedUrl, DeliveryNames } from './url-check.ts'
import { checkTarget } from './url-check.ts'

/**
 * `checkUrl` for long lists: what a million lines have in common is looked at once. A line of plain ASCII without anything that
 * `checkUrl` refuses, at a host that it has accepted before, goes straight to the grammar; every other line goes to `checkUrl`
 * itself, so that the answers are the same.
 */
const PLAIN = /^https?:\/\/([A-Za-z0-9.:-]+)(\/[!-"$-;=?-~]*)$/
/** Hosts that a list may make us remember. */
const HOSTS_MAX = 1000
/** Below the limit of `checkUrl`. */
const PLAIN_LENGTH_MAX = 4096

export function createQuickCheck(known: DeliveryNames): (text: string) => CheckedUrl {
  const accepted = new Set<string>()
  return (text) => {
    const [, host, target] = text.length > PLAIN_LENGTH_MAX ? [] : (PLAIN.exec(text) ?? [])
    if (host !== undefined && target !== undefined && accepted.has(host))
      return checkTarget(host, target, known)
    const checked = checkUrl(text, known)
    if (checked.ok && host !== undefined && accepted.size < HOSTS_MAX) accepted.add(host)
    return checked
  }
}
