import parseRange from 'range-parser'
import type { HeaderMap } from './lifetime.ts'

/** Whether a kept answer satisfies a condition, and which part of it was asked for (RFC 9110 §13, §14). */

/** RFC 9110 §13.2.2: If-None-Match decides alone when it is there; entity tags are compared weakly. */
export function notModified(
  request: HeaderMap,
  etag: string | null,
  lastModified: string | null,
): boolean {
  const wanted = request['if-none-match']
  if (wanted !== undefined)
    return wanted.trim() === '*' || (etag !== null && listsTag(wanted, etag))
  const since = request['if-modified-since']
  if (since === undefined || lastModified === null) return false
  const [sinceMs, modifiedMs] = [Date.parse(since), Date.parse(lastModified)]
  return !Number.isNaN(sinceMs) && !Number.isNaN(modifiedMs) && modifiedMs <= sinceMs
}

function listsTag(list: string, etag: string): boolean {
  const opaque = etag.replace(/^W\//, '')
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, '') === opaque)
}

export type RangeVerdict =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/** One range is answered with 206; several, or a malformed one, with the whole (RFC 9110 §14.2 allows to ignore Range). */
export function rangeOf(
  request: HeaderMap,
  bytes: number,
  etag: string | null,
  lastModified: string | null,
): RangeVerdict {
  const range = request['range']
  // A unit that is not understood is ignored, also where its numbers lie outside (RFC 9110 §14.2).
  if (range === undefined || !/^bytes\s*=/i.test(range)) return { kind: 'whole' }
  if (!ifRangeHolds(request['if-range'], etag, lastModified)) return { kind: 'whole' }
  const ranges = parseRange(bytes, range)
  if (ranges === -1) return { kind: 'unsatisfiable' }
  const only =
    ranges === -2 || ranges.length !== 1 || ranges.type !== 'bytes' ? undefined : ranges[0]
  return only ? { kind: 'part', start: only.start, end: only.end } : { kind: 'whole' }
}

/** RFC 9110 §13.1.5: strong comparison only. */
function ifRangeHolds(
  condition: string | undefined,
  etag: string | null,
  lastModified: string | null,
): boolean {
  if (condition === undefined) return true
  if (condition.startsWith('"')) return etag !== null && condition === etag
  return lastModified !== null && condition === lastModified
}
