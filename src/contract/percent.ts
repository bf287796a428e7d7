/** Percent-encoding (RFC 3986 §2.1) as strictly as a cache key needs it: one spelling in, one spelling out, or refused. */

/** The decoded text; null when a `%` begins no escape or the bytes are not UTF-8 (in the text itself: lone surrogates). */
export function percentDecode(text: string): string | null {
  if (!text.isWellFormed()) return null
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

/** C0 controls, DEL and C1 controls: no name, id or value holds one. */
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

/** A parameter value as it stands in canonical URLs: readable where that is harmless. */
export function encodeValue(text: string): string {
  return encodeURIComponent(text).replaceAll('%2C', ',').replaceAll('%3A', ':')
}

const UNRESERVED = /[A-Za-z0-9\-._~]/
/** What may stand in the path and query of an original as it is: RFC 3986 pchar, `/` and `?`. */
const NOT_PLAIN = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]/gu

/**
 * Normalises escapes without changing what they mean (RFC 3986 §6.2.2): those of unreserved characters are decoded, the
 * others written in upper case, and what needs one gets one. Null when an escape is malformed.
 */
export function normaliseEscapes(text: string): string | null {
  if (percentDecode(text) === null) return null
  return text
    .replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
      const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
      return UNRESERVED.test(char) ? char : escape.toUpperCase()
    })
    .replaceAll(NOT_PLAIN, (char) => encodeURIComponent(char))
}
