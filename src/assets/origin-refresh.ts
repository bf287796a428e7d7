import { deliverySettings } from '../contract/delivery-settings.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KnownOriginal, KnownOriginals } from '../contract/known-originals.ts'
import { hostOfOriginal, originRuleFor } from '../contract/origin-rules.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import type { Timers } from '../kernel/timers.ts'
import { OriginError } from '../origin/errors.ts'
import type { Remote } from '../origin/remote.ts'
import type { ProjectRow, Store } from '../store/store.ts'
import type { OnChange } from './assets.ts'

/**
 * Automatic origin refresh (Cloudimage's page "Caching interval"): looks at the remote originals that image servers hold, at the
 * project's interval, and invalidates those whose bytes changed. An origin is asked conditionally, a few at a time, within its
 * host's limits; what did not change costs a 304 and nothing else. What an origin no longer has is left to its lifetime: an origin
 * that is half down would otherwise empty the caches.
 */
export interface OriginRefreshParts {
  readonly store: Store
  readonly known: KnownOriginals
  /** Its own: closed with it. */
  readonly remote: Remote
  readonly onChange: OnChange
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
}

/** How often it is looked whether a project is due; intervals are minutes and more. */
const LOOK_EVERY_MS = 1_000
/** Originals asked after at once in one project: the host's own limits do the rest. */
const AT_A_TIME = 4

export class OriginRefresh {
  readonly #parts: OriginRefreshParts
  readonly #stopping = new AbortController()
  /** In which of its intervals each project was looked at last. */
  readonly #seen = new Map<string, Turn>()
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: OriginRefreshParts) {
    this.#parts = parts
  }

  start(): void {
    this.#loop = this.#forever()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
    await this.#parts.remote.close()
  }

  async #forever(): Promise<void> {
    const { timers, log } = this.#parts
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await timers.sleep(LOOK_EVERY_MS, signal).catch(() => undefined)
      if (signal.aborted) return
      await this.#refreshDue(signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'originals were not refreshed; trying again')
      })
    }
  }

  async #refreshDue(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts
    const rows = await store.tables.projects.list()
    const due = rows.filter((row) => this.#isDue(row))
    // One project at a time would let a large one delay the others by hours.
    await Promise.all(due.map((row) => this.refresh(row, signal)))
  }

  #isDue(row: ProjectRow): boolean {
    const turn = turnOf(row, this.#parts.clock.wall())
    const before = this.#seen.get(row.id)
    if (turn === null) {
      this.#seen.delete(row.id)
      return false
    }
    // A clock that was set back a little comes to the same turn again.
    const again = before?.seconds === turn.seconds && before.number === turn.number + 1
    this.#seen.set(row.id, again ? before : turn)
    // A project that is new here, or has another interval, begins with its next turn.
    return before?.seconds === turn.seconds && before.number < turn.number
  }

  /** Looks at every known original of a project once; resolves to how many had changed. */
  async refresh(row: ProjectRow, signal: AbortSignal): Promise<number> {
    let changed = 0
    let after: string | null = ''
    while (after !== null && !signal.aborted) {
      const page = await this.#parts.known.page(row.id, after, signal)
      changed += await this.#refreshAll(row, page.items, signal)
      after = page.next
    }
    return changed
  }

  async #refreshAll(
    row: ProjectRow,
    items: readonly KnownOriginal[],
    signal: AbortSignal,
  ): Promise<number> {
    const groups = [...Map.groupBy(items, ({ original }) => original).values()]
    const changed: string[] = []
    const work = async (): Promise<void> => {
      for (let group = groups.shift(); group && !signal.aborted; group = groups.shift()) {
        if (await this.#hasChanged(row, group, signal)) changed.push(group[0]!.original)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, work))
    if (changed.length > 0) await this.#invalidate(row.id, changed)
    return changed.length
  }

  /** `copies`: what image servers hold of one original. */
  async #hasChanged(
    row: ProjectRow,
    copies: readonly KnownOriginal[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { remote, log } = this.#parts
    const { original, hash, etag, lastModified } = copies[0]!
    const rule = originRuleFor(hostOfOriginal(original), row.origins)
    if (!rule) return false
    // A 304 speaks of one copy; when they differ, one of them is old.
    const alike = copies.every((copy) => copy.hash === hash && copy.etag === etag)
    if (!alike && copies.some((copy) => copy.hash !== hash)) return true
    const ask = { rule, original, allowed: row.origins }
    try {
      const answer = await remote.fetch(
        alike ? { ...ask, validators: { etag, lastModified } } : ask,
        signal,
      )
      return answer.kind === 'bytes' && answer.hash !== hash
    } catch (error) {
      if (!(error instanceof OriginError)) throw error
      log.debug({ err: error, original }, 'an original could not be refreshed')
      return false
    }
  }

  async #invalidate(project: string, originals: readonly string[]): Promise<void> {
    const { store, onChange } = this.#parts
    await store.transaction('durable', async (tx) => {
      for (const original of originals) {
        const keys = [keyText.original(project, original), keyText.source(project, original)]
        const cause = `“${original}” changed at its origin`
        await onChange(tx, { project, cause, keys: keys.map(keyHash) })
      }
    })
  }
}

/** A project's intervals, numbered. */
interface Turn {
  readonly seconds: number
  readonly number: number
}

/**
 * Counted by the time of day and not from when this process began: one that is started every day would never come to the end of a week.
 * Each project has its own beginning, so that not all origins are asked at once.
 */
function turnOf(row: ProjectRow, wall: number): Turn | null {
  const { originRefreshSeconds: seconds } = deliverySettings(row.delivery)
  if (seconds === null || !row.automaticInvalidation) return null
  const intervalMs = seconds * 1000
  const offset = Number.parseInt(sha256(row.id).slice(0, 8), 16) % intervalMs
  return { seconds, number: Math.floor((wall + offset) / intervalMs) }
}
