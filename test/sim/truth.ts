import type { World } from './world.ts'

/** What an asset that is not there, or a preset that nobody made, is. */
export const ABSENT = 'absent'

/**
 * What one thing was at the origin, when. A value may be seen from its writing on. It may no longer be brought by reads that begin
 * after another value was committed, unless a crash left it where it is read.
 */
export class History {
  readonly #world: World
  readonly #spans: Span[] = [{ value: ABSENT, from: 0, until: null }]
  #lies = ABSENT

  constructor(world: World) {
    this.#world = world
  }

  /** What lies there for readers. */
  get value(): string {
    return this.#lies
  }

  written(value: string): void {
    this.#lies = value
    const open = this.#spans.some((span) => span.value === value && span.until === null)
    if (!open) this.#spans.push({ value, from: this.#world.moment(), until: null })
  }

  committed(): void {
    for (const span of this.#spans) {
      if (span.until === null && span.value !== this.#lies) span.until = this.#world.moment()
    }
  }

  /** Whether a read that began after the moment `begun` can have brought `value`. */
  couldBring(value: string, begun: number): boolean {
    return this.#spans.some(
      (span) => span.value === value && (span.until === null || span.until > begun),
    )
  }

  describe(): string {
    const spans = this.#spans.slice(-5)
    return spans.map(({ value, from, until }) => `${value} #${from}-${until ?? ''}`).join(', ')
  }
}

interface Span {
  readonly value: string
  readonly from: number
  until: number | null
}

/** The histories of everything that answers are made of. */
export class Truth {
  readonly #world: World
  readonly #histories = new Map<string, History>()

  constructor(world: World) {
    this.#world = world
  }

  of(subject: string): History {
    let history = this.#histories.get(subject)
    if (!history) this.#histories.set(subject, (history = new History(this.#world)))
    return history
  }
}
