/** Wakes whoever listens at this moment. Take the promise before looking, then look, then wait: no ring is missed. */
export class Bell {
  #next: { promise: Promise<void>; ring: () => void } | undefined

  listen(): Promise<void> {
    if (!this.#next) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#next = { promise, ring: resolve }
    }
    return this.#next.promise
  }

  ring(): void {
    const next = this.#next
    this.#next = undefined
    next?.ring()
  }
}
