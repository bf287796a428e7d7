/**
 * Places for work, handed out in turn between groups: whoever brings two hundred pieces waits behind himself, not before everybody
 * else. Within a group first come, first served; more than the group may queue is refused at once instead of waiting past its
 * deadline.
 */
export interface FairQueueOptions {
  /** Pieces of work at a time. */
  readonly concurrency: number
  /** Pieces of one group that may wait. */
  readonly queueMax: number
}

type Begin = () => void

export class FairQueue {
  readonly #options: FairQueueOptions
  /** Groups with somebody waiting, the next to be served first. */
  readonly #groups = new Map<string, Set<Begin>>()
  #running = 0

  constructor(options: FairQueueOptions) {
    this.#options = options
  }

  get running(): number {
    return this.#running
  }
  get waiting(): number {
    let count = 0
    for (const group of this.#groups.values()) count += group.size
    return count
  }

  /** Resolves when it is this one's turn, to false when too many of the group wait already. Each true is given back by `leave`. */
  async enter(name: string, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted()
    if (this.#running < this.#options.concurrency) {
      this.#running += 1
      return true
    }
    const group = this.#groups.get(name) ?? new Set<Begin>()
    if (group.size >= this.#options.queueMax) return false
    this.#groups.set(name, group)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const quit = () => {
      if (group.delete(resolve)) reject(signal?.reason)
      if (group.size === 0 && this.#groups.get(name) === group) this.#groups.delete(name)
    }
    group.add(resolve)
    signal?.addEventListener('abort', quit, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', quit)
    }
    return true
  }

  leave(): void {
    for (const [name, group] of this.#groups) {
      const [next] = group
      this.#groups.delete(name)
      if (!next) continue
      group.delete(next)
      // Behind all others: its next piece waits until each of them had a turn.
      if (group.size > 0) this.#groups.set(name, group)
      next()
      return
    }
    this.#running -= 1
  }
}
