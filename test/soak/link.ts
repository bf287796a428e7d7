import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

import type { Way, Which } from './plan.ts'

/** A proxy of ours between two nodes, through which everything goes until it is told otherwise. */
export interface Link {
  readonly url: string
  /** Where the inner node is now; null while it is not there. */
  leadTo(port: number | null): void
  /** Every piece arrives so much later, in order; 0 ends it. */
  delay(ms: number, which: Which): void
  /** What is sent that way is swallowed, until `mend`. */
  drop(way: Way, which: Which): void
  /** Connections end, and new ones are ended at once, until `mend`. */
  cut(): void
  /** Connections that lost something end now: TCP never goes on behind a gap. */
  mend(): void
  stop(): Promise<void>
}

/** What a link does to the connections that it is about. */
interface Trouble {
  readonly delayMs: number
  readonly dropped: Way | null
  readonly which: Which
}

const NONE: Trouble = { delayMs: 0, dropped: null, which: 'all' }

/** Two connections, one inside the other. */
class Pair {
  readonly #outer: Socket
  readonly #inner: Socket
  readonly #trouble: () => Trouble
  /** It has lost something. */
  #torn = false
  /** In the order of coming, also while the delay changes. */
  #lastAt = 0

  constructor(outer: Socket, inner: Socket, trouble: () => Trouble) {
    this.#outer = outer
    this.#inner = inner
    this.#trouble = trouble
    this.#forward(outer, inner, 'there')
    this.#forward(inner, outer, 'back')
  }

  get torn(): boolean {
    return this.#torn
  }

  end(): void {
    this.#outer.destroy()
    this.#inner.destroy()
  }

  #forward(from: Socket, to: Socket, way: 'there' | 'back'): void {
    from.on('data', (piece) => {
      const { dropped } = this.#trouble()
      if (dropped === way || dropped === 'both') this.#torn = true
      if (!this.#torn) this.#later(() => to.writable && to.write(piece))
    })
    // The end is not heard either where what came before it was lost.
    const over = (): void => {
      if (this.#trouble().dropped === null) this.#later(() => this.end())
      else this.#torn = true
    }
    for (const event of ['end', 'error', 'close'] as const) from.on(event, over)
  }

  #later(act: () => void): void {
    const now = performance.now()
    this.#lastAt = Math.max(this.#lastAt, now + this.#trouble().delayMs)
    if (this.#lastAt <= now) act()
    else setTimeout(act, this.#lastAt - now)
  }
}

export async function startLink(): Promise<Link> {
  let port: number | null = null
  let trouble = NONE
  let isCut = false
  let count = 0
  const pairs = new Set<Pair>()
  const troubleOf = (number: number) => (): Trouble => {
    const { which } = trouble
    return which === 'all' || (which === 'odd') === (number % 2 === 1) ? trouble : NONE
  }
  const server = createServer((outer) => {
    outer.on('error', () => undefined)
    if (isCut || port === null) return void outer.destroy()
    const pair = new Pair(outer, connect(port, '127.0.0.1'), troubleOf((count += 1)))
    pairs.add(pair)
    outer.once('close', () => {
      // One that is torn ends when the link is mended, for its other end must not learn of it before.
      if (!pair.torn) pairs.delete(pair)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endAll = (some: (pair: Pair) => boolean): void => {
    for (const pair of pairs) {
      if (!some(pair)) continue
      pair.end()
      pairs.delete(pair)
    }
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (next) => void (port = next),
    delay: (delayMs, which) => void (trouble = { ...NONE, delayMs, which }),
    drop: (dropped, which) => void (trouble = { ...NONE, dropped, which }),
    cut() {
      isCut = true
      endAll(() => true)
    },
    mend() {
      isCut = false
      trouble = NONE
      endAll((pair) => pair.torn)
    },
    async stop() {
      endAll(() => true)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
