import type { KeyHash } from '../contract/keys.ts'

/** Beyond this many, soft purges are taken as hard ones: covering more is safe. */
const SOFT_STAMPS_MAX = 10_000

/** A soft purge of something: since which seq it is stale, and until when it may still be shown. */
export interface Staleness {
  readonly seq: number
  /** Monotonic milliseconds. */
  readonly until: number
}

/**
 * Soft purges: what they name is stale, and may be shown to clients while it is asked after, until a time that the project states.
 * Then it is what an expired lifetime is: not shown before it was confirmed.
 */
export class SoftStamps {
  readonly #stamps = new Map<KeyHash, Staleness>()

  get count(): number {
    return this.#stamps.size
  }

  /** False when there is no room: the purge must then be a hard one. */
  raise(keys: readonly KeyHash[], seq: number, until: number): boolean {
    if (this.#stamps.size + keys.length > SOFT_STAMPS_MAX) return false
    for (const key of keys) {
      // What an earlier soft purge made stale must not be shown for longer because of a later one.
      const earlier = this.#stamps.get(key)?.until ?? until
      this.#stamps.set(key, { seq, until: Math.min(earlier, until) })
    }
    return true
  }

  /** How stale a thing with these keys and this mark is; undefined when no soft purge is newer. */
  of(keys: readonly KeyHash[], mark: number): Staleness | undefined {
    if (this.#stamps.size === 0) return undefined
    let worst: Staleness | undefined
    for (const key of keys) {
      const stamp = this.#stamps.get(key)
      if (!stamp || stamp.seq <= mark) continue
      const seq = Math.max(stamp.seq, worst?.seq ?? 0)
      worst = { seq, until: Math.min(stamp.until, worst?.until ?? stamp.until) }
    }
    return worst
  }

  forgetUpTo(seq: number): void {
    for (const [key, stamp] of this.#stamps) if (stamp.seq <= seq) this.#stamps.delete(key)
  }

  clear(): void {
    this.#stamps.clear()
  }

  *all(): Generator<readonly [KeyHash, Staleness]> {
    yield* this.#stamps
  }
}
