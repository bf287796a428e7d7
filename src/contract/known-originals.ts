/** What image servers know of remote originals, told to control by `/~/originals/<project>`. */
export interface KnownOriginal {
  /** Canonical: `host[:port]/path[?query]`. */
  readonly original: string
  /** SHA-256 of its bytes, hex. */
  readonly hash: string
  readonly mediaType: string
  readonly bytes: number
  /** As the origin said. */
  readonly etag: string | null
  readonly lastModified: string | null
  /** Wall-clock milliseconds at which the origin last confirmed it. */
  readonly confirmedAt: number
}

/** What came of reading an original as of a purge. */
export type OriginalLook =
  | {
      readonly kind: 'read'
      /**
       * How long ago its origin itself gave these bytes, as far as caches before it tell (RFC 9111 §4.2.3), in milliseconds; null
       * when nothing tells.
       */
      readonly originAgeMs: number | null
    }
  | { readonly kind: 'missing' | 'failed'; readonly reason: string }

/** Control's way to what image servers know. One that does not answer is left out. */
export interface KnownOriginals {
  /** By name, behind `after`; an original comes once for each image server that knows it. */
  page(project: string, after: string, signal?: AbortSignal): Promise<KnownPage>
  one(project: string, original: string, signal?: AbortSignal): Promise<readonly KnownOriginal[]>
}

/**
 * Has an image server read an original, as fresh as the mark says, and keep it for whoever asks next; null when none could say so in
 * time.
 */
export type LookAtOriginal = (
  place: { readonly project: string; readonly original: string },
  mark: number,
  signal: AbortSignal,
) => Promise<OriginalLook | null>

export interface KnownPage {
  readonly items: readonly KnownOriginal[]
  /** Give it back as `after`; null at the end. */
  readonly next: string | null
}

export const ORIGINALS_TARGET = '/~/originals/'
/** Originals in one answer. */
export const ORIGINALS_PAGE = 1_000

/** The target that asks for one original, for the page behind `after`, or that one be read. */
export function originalsTarget(
  project: string,
  ask: { readonly original: string } | { readonly after: string } | { readonly look: string },
): string {
  const query = { ...ask }
  return `${ORIGINALS_TARGET}${encodeURIComponent(project)}?${new URLSearchParams(query).toString()}`
}
