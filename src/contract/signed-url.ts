import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { SignedUrls, SigningKey } from './delivery-settings.ts'

/**
 * Signed delivery URLs: HMAC-SHA-256 (RFC 2104) with a key's id and an expiry, so that keys can be changed and URLs end. What is
 * signed is a text of five lines; no line can hold a line break, so no two URLs share one text. The whole path and query is
 * covered as it is written, in any place and order, except the three parameters of the signature itself.
 */

/** Parameters of the signature; no dialect knows them, so they are no part of any cache key. */
export const SIGNATURE_PARAMETERS = {
  key: 'sig_key',
  expires: 'sig_exp',
  signature: 'sig',
} as const

/** The first line: another form of signing would have another name. */
const FORM = 'sluice-url-1'
/** Half a minute of disagreement between clocks costs nobody a picture. */
const SKEW_SECONDS = 30

export type SignatureVerdict =
  | { readonly ok: true; readonly expiresAt: number }
  | { readonly ok: false; readonly parameter: string; readonly reason: string }

/** `target`: path and query as received; `project`: which the URL is of; `nowSeconds`: since the epoch. */
export function verifySignature(
  target: string,
  project: string,
  signing: Pick<SignedUrls, 'keys'>,
  nowSeconds: number,
): SignatureVerdict {
  const { unsigned, given } = splitSignature(target)
  const { key: keyName, expires: expiresName, signature: signatureName } = SIGNATURE_PARAMETERS
  const [signature, keyId, expires] = [signatureName, keyName, expiresName].map((name) =>
    given.filter((each) => each.name === name).map((each) => each.value),
  )
  if (signature?.length !== 1 || keyId?.length !== 1 || expires?.length !== 1) {
    return refused(
      signatureName,
      `this project delivers signed URLs: each has one ${signatureName}, ${keyName} and ${expiresName}`,
    )
  }
  if (!/^\d{1,12}$/.test(expires[0]!)) {
    return refused(expiresName, `${expiresName} must be a time in seconds since 1970`)
  }
  const key = signing.keys.find(({ id }) => id === keyId[0])
  const wanted = signatureOf(unsigned, project, key ?? NO_KEY, expires[0]!)
  // A key that does not exist takes as long as a wrong signature.
  if (!sameText(wanted, signature[0]!) || !key) {
    return refused(signatureName, 'the signature does not fit to this URL')
  }
  const expiresAt = Number(expires[0])
  if (expiresAt + SKEW_SECONDS < nowSeconds) return refused(expiresName, 'this signed URL is over')
  return { ok: true, expiresAt }
}

/** The same target, signed; a signature that it had is replaced. `expiresAt` in seconds since the epoch. */
export function signTarget(
  target: string,
  project: string,
  key: SigningKey,
  expiresAt: number,
): string {
  const { unsigned } = splitSignature(target)
  const expires = String(Math.floor(expiresAt))
  const signature = signatureOf(unsigned, project, key, expires)
  const { key: keyName, expires: expiresName, signature: name } = SIGNATURE_PARAMETERS
  const joint = unsigned.includes('?') ? '&' : '?'
  return `${unsigned}${joint}${keyName}=${key.id}&${expiresName}=${expires}&${name}=${signature}`
}

/** Without the parameters of a signature: what may be shown and remembered. */
export function unsignedTarget(target: string): string {
  return splitSignature(target).unsigned
}

const NO_KEY: SigningKey = { id: '', secret: '' }
const encoder = new TextEncoder()

function signatureOf(unsigned: string, project: string, key: SigningKey, expires: string): string {
  const text = [FORM, project, key.id, expires, unsigned].join('\n')
  const digest = hmac(sha256, encoder.encode(key.secret), encoder.encode(text))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface SplitTarget {
  readonly unsigned: string
  readonly given: readonly { readonly name: string; readonly value: string }[]
}

/** By the bytes as they are written: a name in escapes is somebody else's parameter, and covered. */
function splitSignature(target: string): SplitTarget {
  const mark = target.indexOf('?')
  if (mark < 0) return { unsigned: target, given: [] }
  const names: readonly string[] = Object.values(SIGNATURE_PARAMETERS)
  const parts = target
    .slice(mark + 1)
    .split('&')
    .map((text) => {
      const equals = text.indexOf('=')
      return equals < 0
        ? { text, name: text, value: '' }
        : { text, name: text.slice(0, equals), value: text.slice(equals + 1) }
    })
  const others = parts.filter(({ name }) => !names.includes(name))
  const query = others.map(({ text }) => text).join('&')
  const path = target.slice(0, mark)
  return {
    unsigned: query === '' ? path : `${path}?${query}`,
    given: parts.filter(({ name }) => names.includes(name)),
  }
}

/** In a time that does not tell how much was right; hexadecimal digits of either case. */
function sameText(right: string, given: string): boolean {
  const shown = given.toLowerCase()
  let difference = right.length ^ shown.length
  for (let at = 0; at < right.length; at++) {
    difference |= right.charCodeAt(at) ^ (shown.charCodeAt(at) || 0)
  }
  return difference === 0
}

function refused(parameter: string, reason: string): SignatureVerdict {
  return { ok: false, parameter, reason }
}
