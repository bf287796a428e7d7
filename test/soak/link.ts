import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

import type { Way } from './plan.ts'

/** A proxy of ours between two nodes, through which everything goes until it is told otherwise. */
export interface Link {
  readonly url: string
  /** Where the inner node is now; null while it is not there. */
  leadTo(port: number | null): void
  /** Every piece arrives so much later, in order; 0 ends it. */
  delay(ms: number): void
  /** What is sent that way is swallowed, until `mend`. */
  drop(way: Way): void
  /** Connections end, and new ones are ended at once, until `mend`. */
  cut(): void
  /** Connections that lost something end now: TCP never goes on behind a gap. */
  mend(): void
  stop(): Promise<void>
}

/** Two connections, one inside the other, and what they have lost. */
interface Pair {
  readonly outer: Socket
  readonly inner: Socket
  torn: boolean
}

export async function startLink(): Promise<Link> {
  let port: number | null = null
  let delayMs = 0
  let dropped: Way | null = null
  let isCut = false
  const pairs = new Set<Pair>()
  const end = (pair: Pair): void => {
    pair.outer.destroy()
    pair.inner.destroy()
    pairs.delete(pair)
  }
  const forward = (pair: Pair, from: Socket, to: Socket, way: 'there' | 'back'): void => {
    from.on('data', (piece) => {
      if (dropped === way || dropped === 'both') pair.torn = true
      if (pair.torn) return
      if (delayMs === 0) to.write(piece)
      else later(() => to.writable && to.write(piece))
    })
    // The end is not heard either where what came before it was lost.
    const over = (): void => {
      if (dropped === null) later(() => end(pair))
      else pair.torn = true
    }
    from.on('end', over)
    from.on('error', over)
    from.on('close', over)
  }
  /** In the order of coming, also while the delay changes. */
  let lastAt = 0
  const later = (act: () => void): void => {
    const now = performance.now()
    lastAt = Math.max(lastAt, now + delayMs)
    if (lastAt <= now) act()
    else setTimeout(act, lastAt - now)
  }
  const server = createServer((outer) => {
    outer.on('error', () => undefined)
    if (isCut || port === null) return void outer.destroy()
    const inner = connect(port, '127.0.0.1')
    const pair: Pair = { outer, inner, torn: false }
    pairs.add(pair)
    forward(pair, outer, inner, 'there')
    forward(pair, inner, outer, 'back')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (next) => void (port = next),
    delay: (ms) => void (delayMs = ms),
    drop: (way) => void (dropped = way),
    cut() {
      isCut = true
      for (const pair of pairs) end(pair)
    },
    mend() {
      isCut = false
      dropped = null
      for (const pair of pairs) if (pair.torn) end(pair)
    },
    async stop() {
      for (const pair of pairs) end(pair)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
