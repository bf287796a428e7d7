/**
 * Lets others go first: whoever waits here goes on in a later round of the event loop, in order of arrival and only a few in each
 * round, after everything that the round finds ready on sockets. So a flood of what matters little delays what matters by those few.
 */
export class Turns {
  readonly #perRound: number
  readonly #waitingMax: number
  #waiting: (() => void)[] = []
  #called = false

  constructor({ perRound, waitingMax }: { perRound: number; waitingMax: number }) {
    this.#perRound = perRound
    this.#waitingMax = waitingMax
  }

  /** Resolves when it is one's turn; at once when so many wait that more of them would be a burden of their own. */
  next(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#call()
    })
  }

  #call(): void {
    if (this.#called || this.#waiting.length === 0) return
    this.#called = true
    setImmediate(() => {
      this.#called = false
      for (const resolve of this.#waiting.splice(0, this.#perRound)) resolve()
      this.#call()
    })
  }
}
