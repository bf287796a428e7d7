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

/** Control's way to what image servers know. One that does not answer is left out. */
export interface KnownOriginals {
  /** By name, behind `after`; an original comes once for each image server that knows it. */
  page(project: string, after: string, signal?: AbortSignal): Promise<KnownPage>
  one(project: string, original: string, signal?: AbortSignal): Promise<readonly KnownOriginal[]>
}

export interface KnownPage {
  readonly items: readonly KnownOriginal[]
  /** Give it back as `after`; null at the end. */
  readonly next: string | null
}

export const ORIGINALS_TARGET = '/~/originals/'
/** Originals in one answer. */
export const ORIGINALS_PAGE = 1_000

/** The target that asks for one original, or for the page behind `after`. */
export function originalsTarget(
  project: string,
  ask: { readonly original: string } | { readonly after: string },
): string {
  const query = 'original' in ask ? { original: ask.original } : { after: ask.after }
  return `${ORIGINALS_TARGET}${encodeURIComponent(project)}?${new URLSearchParams(query).toString()}`
}
