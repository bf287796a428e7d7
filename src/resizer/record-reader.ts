import type { Freshness } from '../cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../cache/marked-cache.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'

/** Records of 100,000 assets, roughly. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024
const NO_BODY = new Uint8Array(0)

/** Reads one record from the origin, parsed; null when there is none. */
export type ReadRecord = (name: string) => Promise<unknown>

/** How the inputs of one fill must be read. */
export interface InputNeed {
  /** Taken before the first input is read: what the fill will claim (freshness rule P7). */
  readonly mark: number
  /** The node may not answer from its cache (freshness rule P6): inputs are read, or asked after, at the origin. */
  readonly strict: boolean
  /** Of which purge log the mark is. */
  readonly logId: string
}

/** Records, cached with keys and marks like any bytes. */
export class RecordReader {
  readonly #freshness: Freshness
  readonly #read: ReadRecord
  readonly #cache: MarkedCache<{ readonly document: unknown }, Uint8Array>

  constructor(freshness: Freshness, read: ReadRecord) {
    this.#freshness = freshness
    this.#read = read
    this.#cache = new MarkedCache({ freshness, bodies: memoryBodies, bytesMax: RECORD_BYTES_MAX })
  }

  async read<T>(name: string, need: InputNeed): Promise<T | null> {
    const { epoch, logId, applied } = this.#freshness
    // A fill may be older than the log that this node follows now: its number would claim purges of this one that are yet to come.
    const mark = need.logId === logId ? need.mark : applied
    const found = need.strict ? undefined : this.#cache.lookup(name, mark)
    if (found) return found.entry.meta.document as T | null
    const document = await this.#read(name)
    const keys = keysOf(name)
    const bodyBytes = JSON.stringify(document).length * 2
    this.#cache.store(name, { keys, mark, meta: { document }, body: NO_BODY, bodyBytes }, epoch)
    return document as T | null
  }

  *sweep(): Generator<void> {
    yield* this.#cache.sweep()
  }
}

/** A record of a project goes with the whole project: when its stamps are folded, its key is all that is left of them. */
function keysOf(name: string): readonly KeyHash[] {
  const record = keyHash(keyText.record(name))
  const slash = name.indexOf('/')
  return slash < 0 ? [record] : [record, keyHash(keyText.project(name.slice(0, slash)))]
}
