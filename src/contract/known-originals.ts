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

/** Control's way to what image servers know. An image server that does not answer is left out. */
export interface KnownOriginals {
  /** Of every image server, by name, behind `after`; each original may come several times. */
  list(project: string, after: string): Promise<readonly KnownOriginal[]>
  one(project: string, original: string): Promise<readonly KnownOriginal[]>
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
