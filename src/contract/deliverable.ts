/**
 * Types that are stored but never delivered, and so cannot be invalidated (Adobe, "Invalidate the CDN cache by way of Dynamic
 * Media": PostScript, Encapsulated PostScript, Illustrator, InDesign, PowerPoint, Excel, Word, Rich Text Format). The media type
 * was told by the bytes first, and by the name where the bytes say too little.
 */

const POWERPOINT = 'a PowerPoint file'
const EXCEL = 'an Excel file'
const WORD = 'a Word file'
const RICH_TEXT = 'a Rich Text file'
const POSTSCRIPT = 'a PostScript file'
const EPS = 'an Encapsulated PostScript file'
const ILLUSTRATOR = 'an Illustrator file'
const INDESIGN = 'an InDesign file'

const NAMES_BY_TYPE: Readonly<Record<string, string>> = {
  'application/postscript': POSTSCRIPT,
  'application/eps': EPS,
  'application/illustrator': ILLUSTRATOR,
  'application/vnd.adobe.illustrator': ILLUSTRATOR,
  'application/x-indesign': INDESIGN,
  'application/vnd.ms-powerpoint': POWERPOINT,
  'application/vnd.ms-excel': EXCEL,
  'application/msword': WORD,
  'application/rtf': RICH_TEXT,
  'text/rtf': RICH_TEXT,
}

/** Documents, templates and slide shows, with and without macros. */
const NAMES_BY_PREFIX = [
  ['application/vnd.openxmlformats-officedocument.presentationml.', POWERPOINT],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.', EXCEL],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.', WORD],
  ['application/vnd.ms-powerpoint.', POWERPOINT],
  ['application/vnd.ms-excel.', EXCEL],
  ['application/vnd.ms-word.', WORD],
] as const

const NAMES_BY_EXTENSION: Readonly<Record<string, string>> = {
  ps: POSTSCRIPT,
  eps: EPS,
  ai: ILLUSTRATOR,
  indd: INDESIGN,
  ppt: POWERPOINT,
  pptx: POWERPOINT,
  xls: EXCEL,
  xlsx: EXCEL,
  doc: WORD,
  docx: WORD,
  rtf: RICH_TEXT,
}

export interface Deliverable {
  readonly id: string
  readonly kind: string
  readonly mediaType: string
}

/** What kind of file it is that is never delivered, in words; null for everything else. */
export function undeliverable({ id, kind, mediaType }: Deliverable): string | null {
  if (Object.hasOwn(NAMES_BY_TYPE, mediaType)) return NAMES_BY_TYPE[mediaType]!
  const known = NAMES_BY_PREFIX.find(([prefix]) => mediaType.startsWith(prefix))
  if (known) return known[1]
  // Bytes that say nothing: the name has the word.
  const extension = kind === 'other' ? /\.([a-z]{2,4})$/i.exec(id)?.[1]?.toLowerCase() : undefined
  return extension !== undefined && Object.hasOwn(NAMES_BY_EXTENSION, extension)
    ? NAMES_BY_EXTENSION[extension]!
    : null
}

/** For people: why there is no such URL. */
export function undeliverableReason(id: string, what: string): string {
  return `${id} is ${what}: it is stored, but files of this type are not delivered`
}
