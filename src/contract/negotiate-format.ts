import type { DeliveryUrl } from './delivery-url.ts'

/** Formats that every client shows, whatever its `Accept` says. */
const UNIVERSAL: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif'])

/**
 * The first of the URL's formats that the client supports; null when the URL fixes the format. A newer format counts as
 * supported only when `Accept` names it (RFC 9110 §12.5.1): browsers that lack it send wildcards all the same.
 */
export function negotiateFormat(url: DeliveryUrl, accept: string | null): string | null {
  if (url.negotiates.length === 0) return null
  const named = acceptedTypes(accept ?? '')
  const supported = url.negotiates.find(
    (format) =>
      UNIVERSAL.has(format) ||
      named.has(`image/${format}`) ||
      (format === 'tif' && named.has('image/tiff')),
  )
  return supported ?? fallbackFormat(url)
}

/** For a client that supports none: the last, which is the one meant for everybody. */
export function fallbackFormat(url: DeliveryUrl): string | null {
  return fallbackOf(url.negotiates)
}

export function fallbackOf(formats: readonly string[]): string | null {
  return formats.find((format) => UNIVERSAL.has(format)) ?? formats.at(-1) ?? null
}

/** The media types named, without those that `q=0` excludes. */
function acceptedTypes(accept: string): ReadonlySet<string> {
  const types = accept.split(',').map((part) => part.split(';').map((piece) => piece.trim()))
  return new Set(
    types
      .filter(([, ...parameters]) => !parameters.some((each) => /^q=0(?:\.0*)?$/i.test(each)))
      .map(([type = '']) => type.toLowerCase()),
  )
}
