import { fileTypeFromBuffer } from 'file-type'
import type { AssetKind } from '../contract/records.ts'

/** What bytes are: by magic bytes first, then by the name's extension. */
export interface MediaType {
  readonly mediaType: string
  readonly kind: AssetKind
}

/** Enough to reach the first entries of Office archives and an SVG's root behind a long comment. */
export const SNIFF_BYTES = 65_536

/** Formats without magic bytes, or of which the bytes say less than the name (an Illustrator file is a PDF inside). */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  ai: 'application/illustrator',
  css: 'text/css',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  eps: 'application/eps',
  htm: 'text/html',
  html: 'text/html',
  indd: 'application/x-indesign',
  js: 'text/javascript',
  json: 'application/json',
  md: 'text/markdown',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ps: 'application/postscript',
  rtf: 'application/rtf',
  srt: 'application/x-subrip',
  txt: 'text/plain',
  vtt: 'text/vtt',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
}

/** Containers whose content only the extension tells apart. */
const NAMED_CONTAINERS: Readonly<Record<string, readonly string[]>> = {
  'application/pdf': ['ai'],
  'application/postscript': ['ai', 'eps'],
  // An Office file with a password is in the old container whatever its name.
  'application/x-cfb': ['doc', 'docx', 'ppt', 'pptx', 'xls', 'xlsx', 'indd'],
  'application/zip': ['docx', 'pptx', 'xlsx'],
  'application/xml': ['html', 'htm', 'xml'],
}

const DOCUMENTS = [
  'application/eps',
  'application/epub+zip',
  'application/illustrator',
  'application/msword',
  'application/pdf',
  'application/postscript',
  'application/rtf',
  'application/x-indesign',
] as const

const UNKNOWN: MediaType = { mediaType: 'application/octet-stream', kind: 'other' }

/** `head`: the first SNIFF_BYTES of the file. `name`: a file name or asset id, for its extension. */
export async function detectMediaType(head: Uint8Array, name: string): Promise<MediaType> {
  if (isSvg(head)) return { mediaType: 'image/svg+xml', kind: 'image' }
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const magic = (await fileTypeFromBuffer(head))?.mime
  const byName = BY_EXTENSION[extension]
  if (!magic) return byName ? { mediaType: byName, kind: kindOf(byName) } : UNKNOWN
  const inside = contentOf(magic, head)
  const told = NAMED_CONTAINERS[magic]?.includes(extension) ? byName : undefined
  const mediaType = inside ?? told ?? magic
  return { mediaType, kind: kindOf(mediaType) }
}

/** What a container says of its content itself, so that no name is needed. */
const INSIDE: Readonly<Record<string, readonly (readonly [Buffer, string])[]>> = {
  // The XMP of an Illustrator file; a PDF that Illustrator exported calls itself a PDF there.
  'application/pdf': [
    [Buffer.from('<dc:format>application/vnd.adobe.illustrator<'), 'application/illustrator'],
    [Buffer.from('<dc:format>application/illustrator<'), 'application/illustrator'],
  ],
  // Names of streams in the container's directory ([MS-DOC] §2.1, [MS-XLS] §2.1.2, [MS-PPT] §2.1).
  'application/x-cfb': [
    [Buffer.from('WordDocument', 'utf16le'), 'application/msword'],
    [Buffer.from('PowerPoint Document', 'utf16le'), 'application/vnd.ms-powerpoint'],
    [Buffer.from('Workbook', 'utf16le'), 'application/vnd.ms-excel'],
  ],
}

function contentOf(magic: string, head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  return INSIDE[magic]?.find(([sign]) => bytes.includes(sign))?.[1]
}

/** The media type of an image by magic bytes alone; null for anything else. */
export async function detectImage(head: Uint8Array): Promise<string | null> {
  const { mediaType, kind } = await detectMediaType(head, '')
  return kind === 'image' ? mediaType : null
}

function kindOf(mediaType: string): AssetKind {
  if (mediaType === 'image/vnd.adobe.photoshop') return 'image'
  if (mediaType === 'image/vnd.dwg' || mediaType === 'image/vnd.dxf') return 'other'
  if (mediaType.startsWith('image/')) return 'image'
  if (mediaType.startsWith('video/')) return 'video'
  if (mediaType.startsWith('text/')) return 'document'
  if (/^application\/vnd\.(ms-|openxmlformats-|oasis\.)/.test(mediaType)) return 'document'
  return (DOCUMENTS as readonly string[]).includes(mediaType) ? 'document' : 'other'
}

/** An SVG's first element is `svg`, behind any of: byte order mark, XML declaration, comments, document type. */
function isSvg(head: Uint8Array): boolean {
  let text = new TextDecoder('utf-8').decode(head).trimStart()
  for (;;) {
    if (text.startsWith('<?')) text = after(text, '?>')
    else if (text.startsWith('<!--')) text = after(text, '-->')
    else if (/^<!doctype/i.test(text)) text = afterDoctype(text)
    else return /^<(?:[A-Za-z]+:)?svg[\s>/]/.test(text)
  }
}

function after(text: string, end: string): string {
  const at = text.indexOf(end)
  return at < 0 ? '' : text.slice(at + end.length).trimStart()
}

/** A document type may hold an internal subset in brackets, with `>` inside. */
function afterDoctype(text: string): string {
  const close = text.indexOf('>')
  const bracket = text.indexOf('[')
  return bracket >= 0 && bracket < close ? after(after(text, ']'), '>') : after(text, '>')
}
