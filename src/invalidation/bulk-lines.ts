import { isUtf8 } from 'node:buffer'
import { KEY_BYTES } from '../contract/keys.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import { sha256Stream, writeSha256 } from '../kernel/hash.ts'
import { SEARCHED_URLS_MAX } from '../store/limits.ts'
import type { BulkPiece } from '../store/store.ts'
import { packUrls } from '../store/url-pieces.ts'
import type { RefusedItem } from './errors.ts'
import { createQuickKeys } from './quick-keys.ts'
import type { UrlKeys } from './quick-keys.ts'
import type { DeliveryNames } from './url-check.ts'

/**
 * From the bytes of a long list (NDJSON: a URL a line, as a JSON string or as it is) to pieces of checked URLs with their keys.
 * Synchronous and without any state of the store, so that it runs in a thread of its own.
 */

/** More lines than any shop has URLs; beyond it, purging by asset, folder or everything is what is meant. */
export const BULK_URLS_MAX = 10_000_000
/** A line is a URL of 8,192 characters at most, escaped or not; more is not even collected. */
const LINE_BYTES_MAX = 65_536
/** Mistakes that are named; the rest is counted. */
const NAMED_MAX = 100
/** URLs in a piece: even if none shares its keys with another, they fit one entry of the purge log. */
const PIECE_URLS_MAX = KEYS_PER_ENTRY_MAX

export interface BulkSummary {
  readonly urls: number
  readonly pieces: number
  readonly wrong: number
  /** The first of what is wrong. */
  readonly errors: readonly RefusedItem[]
  /** The beginning of the list, for the search. */
  readonly first: readonly string[]
  /** SHA-256 of all bytes, for the idempotency key. */
  readonly sha256: string
}

export class PieceMaker {
  readonly #keysOf: (url: string) => UrlKeys
  readonly #hash = sha256Stream()
  readonly #errors: RefusedItem[] = []
  readonly #first: string[] = []
  /** Bytes of a line whose end has not come yet. */
  #rest: Uint8Array = new Uint8Array()
  /** In a line that is too long already. */
  #skipping = false
  #line = 0
  #urls = 0
  #pieces = 0
  #wrong = 0
  #piece: string[] = []
  #keys = Buffer.alloc(KEYS_PER_ENTRY_MAX * KEY_BYTES)
  #keysBytes = 0
  #sources = new Set<string>()

  /** `sources`: keys of cached originals that the project adds to its pictures, whatever the list says. */
  constructor(names: DeliveryNames, sources: readonly string[]) {
    this.#keysOf = createQuickKeys(names)
    for (const source of sources) this.#addSource(source)
  }

  /** Pieces that these bytes complete. Once a line was wrong there are none, because nothing will be purged. */
  push(bytes: Uint8Array): readonly BulkPiece[] {
    this.#hash.update(bytes)
    const pieces: BulkPiece[] = []
    const last = bytes.lastIndexOf(0x0a)
    if (last < 0) this.#keepRest(bytes)
    else {
      this.#readLines(this.#begun(bytes.subarray(0, last)), pieces)
      this.#keepRest(bytes.subarray(last + 1))
    }
    return pieces
  }

  end(): { readonly pieces: readonly BulkPiece[]; readonly summary: BulkSummary } {
    const pieces: BulkPiece[] = []
    if (this.#rest.length > 0 || this.#skipping)
      this.#readLines(this.#begun(new Uint8Array()), pieces)
    if (this.#piece.length > 0) this.#close(pieces)
    const summary = {
      urls: this.#urls,
      pieces: this.#pieces,
      wrong: this.#wrong,
      errors: this.#errors,
      first: this.#first,
      sha256: this.#hash.digest(),
    }
    return { pieces: this.#wrong > 0 ? [] : pieces, summary }
  }

  /** The lines that end here, the one begun before included. */
  #begun(bytes: Uint8Array): Uint8Array {
    const rest = this.#rest
    this.#rest = new Uint8Array()
    if (!this.#skipping) return rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    this.#skipping = false
    this.#line += 1
    this.#refuse(`It is longer than ${LINE_BYTES_MAX} bytes; a URL has at most 8192 characters.`)
    const end = bytes.indexOf(0x0a)
    return end < 0 ? new Uint8Array() : bytes.subarray(end + 1)
  }

  #keepRest(bytes: Uint8Array): void {
    if (this.#skipping || bytes.length === 0) return
    this.#rest = this.#rest.length === 0 ? bytes.slice() : Buffer.concat([this.#rest, bytes])
    if (this.#rest.length <= LINE_BYTES_MAX) return
    this.#rest = new Uint8Array()
    this.#skipping = true
  }

  #readLines(bytes: Uint8Array, pieces: BulkPiece[]): void {
    if (bytes.length === 0) return
    if (!isUtf8(bytes)) {
      this.#refuse('This line, or one soon after it, is not valid UTF-8.', this.#line + 1)
      return
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
    for (const line of text.split('\n')) {
      this.#line += 1
      this.#readLine(line.trim(), pieces)
    }
  }

  #readLine(line: string, pieces: BulkPiece[]): void {
    if (line === '') return
    const url = line.startsWith('"') ? fromJson(line) : line
    if (url === null) return this.#refuse('It is neither a URL nor a URL as a JSON string.')
    const keys = this.#keysOf(url)
    if (!keys.ok) return this.#refuse(keys.reason, this.#line, url)
    this.#urls += 1
    if (this.#wrong > 0) return
    if (this.#urls > BULK_URLS_MAX) return
    if (this.#first.length < SEARCHED_URLS_MAX) this.#first.push(url)
    this.#piece.push(url)
    this.#addKey(keys.covered)
    this.#addSource(keys.source)
    if (keys.mark !== undefined) this.#addSource(keys.mark)
    const full = this.#keysBytes + 3 * KEY_BYTES > this.#keys.length
    if (full || this.#piece.length >= PIECE_URLS_MAX) this.#close(pieces)
  }

  #addSource(text: string): void {
    if (this.#sources.has(text)) return
    this.#sources.add(text)
    this.#addKey(text)
  }

  #addKey(text: string): void {
    writeSha256(text, this.#keys, this.#keysBytes, KEY_BYTES)
    this.#keysBytes += KEY_BYTES
  }

  #close(pieces: BulkPiece[]): void {
    const urls = this.#piece
    const count = urls.length
    const keys = new Uint8Array(this.#keys.subarray(0, this.#keysBytes))
    const first = Math.min(this.#urls, BULK_URLS_MAX) - count
    pieces.push({ piece: this.#pieces, first, count, urls: packUrls(urls), keys })
    this.#pieces += 1
    this.#piece = []
    this.#keysBytes = 0
    this.#sources.clear()
  }

  #refuse(reason: string, line = this.#line, url?: string): void {
    this.#wrong += 1
    this.#piece = []
    if (this.#errors.length >= NAMED_MAX) return
    this.#errors.push({ line, ...(url === undefined ? {} : { url }), reason })
  }
}

function fromJson(line: string): string | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'string' ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
