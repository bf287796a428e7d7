/** The project's CDN invalidation template, line by line (Adobe, "Invalidate the CDN cache by way of Dynamic Media"). */

const ID = '<ID>'

export interface TemplateLine {
  /** Counted from 1. */
  readonly line: number
  readonly text: string
}

/** Empty lines form nothing. */
export function templateLines(text: string): readonly TemplateLine[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((each, at) => ({ line: at + 1, text: each.trim() }))
    .filter((each) => each.text !== '')
}

/** Does the line stand for one URL an asset? */
export function namesAsset({ text }: TemplateLine): boolean {
  return text.includes(ID)
}

/** `<ID>` alone or with a tail: the publish server's own URL of the asset, with the tail as it is. */
export function isBare({ text }: TemplateLine): boolean {
  return text.startsWith(ID)
}

/** `imageBase` is `<publish server>/is/image/<company>/`. An id is percent-encoded once; the rest of the line stays. */
export function expandLine(line: TemplateLine, id: string, imageBase: string): string {
  const url = line.text.replaceAll(ID, () => encodeId(id))
  return isBare(line) ? imageBase + url : url
}

/** Ids may hold `/`, which separates parts of the path in URLs too. */
export function encodeId(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/')
}
