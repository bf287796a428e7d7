import type { PurgeEntry } from '../../src/contract/purge-log.ts'
import type { PurgeSink } from '../../src/purgelog/follower.ts'
import type { Stage } from './stage.ts'

const BEHIND = 'the log does not reach back'

/** What a machine saved last, and so may begin with again. */
export interface SavedPlace {
  readonly logId: string
  readonly applied: number
}

/**
 * Log completeness: what a node applies is the log itself, entry by entry, from where it began empty or from what it had saved. No
 * gap, no entry twice, and no entry other than the one committed under that number.
 */
export class LogWatch {
  readonly #who: string
  readonly #stage: Pick<Stage, 'ledger' | 'fail' | 'world'>
  #logId = ''
  #last = 0

  constructor(who: string, stage: Pick<Stage, 'ledger' | 'fail' | 'world'>) {
    this.#who = who
    this.#stage = stage
  }

  /** Where this program begins; `saved` is what its disk may hold, the last states that were captured. */
  began({ logId, applied }: SavedPlace, saved: readonly SavedPlace[]): void {
    this.#logId = logId
    this.#last = applied
    const known = saved.some((place) => place.logId === logId && place.applied === applied)
    if (logId !== '' && !known) this.#fail(`begins with ${applied} applied, which it never saved`)
  }

  #fail(text: string): void {
    this.#stage.fail('log', `${this.#who} ${text}`)
  }

  /** The same sink, seen. */
  seen(sink: PurgeSink): PurgeSink {
    const applied = (entry: PurgeEntry): void => this.#applied(entry)
    const { world } = this.#stage
    const emptied = (logId: string, head: number): void => {
      if (this.#logId !== '')
        world.meet(`starts empty ${logId === this.#logId ? BEHIND : 'another log'}`)
      this.#logId = logId
      this.#last = head
    }
    return {
      get logId() {
        return sink.logId
      },
      get applied() {
        return sink.applied
      },
      apply(entry) {
        applied(entry)
        sink.apply(entry)
      },
      startEmpty(logId, head) {
        emptied(logId, head)
        sink.startEmpty(logId, head)
      },
      heard: (head) => sink.heard(head),
      grant: (grant) => sink.grant(grant),
    }
  }

  #applied(entry: PurgeEntry): void {
    if (entry.seq !== this.#last + 1) this.#fail(`applies ${entry.seq} after ${this.#last}`)
    this.#last = entry.seq
    const committed = this.#stage.ledger.entryOf(this.#logId, entry.seq)
    if (committed !== undefined && committed !== contentOf(entry))
      this.#fail(`applies another ${entry.seq} than was committed`)
  }

  /** After all faults: nothing is missing at the end either. */
  endsAt(logId: string, head: number): void {
    if (this.#logId !== logId || this.#last !== head)
      this.#fail(`has applied ${this.#last} of ${this.#logId}; the log is ${logId} up to ${head}`)
  }
}

/** What two copies of an entry have in common. */
export function contentOf({ project, keys, packed }: Omit<PurgeEntry, 'seq' | 'kind'>): string {
  const long = packed ? Buffer.from(packed).toString('base64') : ''
  return `${project} ${[...keys].join(' ')} ${long}`
}
