/** The project's CDN invalidation template, line by line (Adobe, "Invalidate the CDN cache by way of Dynamic Media"). */

export const ID = '<ID>'

/** As a browser's address field copies it. */
export const ENCODED_ID = /%3CID%3E/gi

export interface TemplateLine {
  /** Counted from 1. */
  readonly line: number
  /** Without what stands around it; `<ID>` in its own spelling. */
  readonly text: string
  /** The same as it was typed. */
  readonly typed: string
  /** Characters before `typed` in its line: blanks and tabs. */
  readonly indent: number
}

/**
 * Empty lines form nothing; a byte order mark and what stands around a line are no part of it. A line is no URL before its `<ID>` is
 * replaced, so nothing here reads it as one.
 */
export function templateLines(text: string): readonly TemplateLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((whole, at) => {
      const typed = whole.trim()
      const indent = whole.length - whole.trimStart().length
      return { line: at + 1, text: typed.replaceAll(ENCODED_ID, ID), typed, indent }
    })
    .filter(({ typed }) => typed !== '')
}

/** Does the line stand for one URL an asset? */
export function namesAsset({ text }: Pick<TemplateLine, 'text'>): boolean {
  return text.includes(ID)
}

/** `<ID>` alone or with a tail: the publish server's own URL of the asset, with the tail as it is. */
export function isBare({ text }: Pick<TemplateLine, 'text'>): boolean {
  return text.startsWith(ID)
}

/** `imageBase` is `<publish server>/is/image/<company>/`. An id is percent-encoded once; the rest of the line stays. */
export function expandLine(
  line: Pick<TemplateLine, 'text'>,
  id: string,
  imageBase: string,
): string {
  const url = line.text.replaceAll(ID, () => encodeId(id))
  return isBare(line) ? imageBase + url : url
}

/** Ids may hold `/`, which separates parts of the path in URLs too. */
export function encodeId(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/')
}
