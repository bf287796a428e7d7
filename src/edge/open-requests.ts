import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AskerRule } from '../contract/targets.ts'
import { inNetworks, parseNetworks } from '../kernel/trusted-proxies.ts'
import type { Timers } from '../kernel/timers.ts'

/** How long an answer to an outer cache may still take when that cache is about to be purged; then it is cut. */
export const DRAIN_DEADLINE_MS = 15_000

export interface Drained {
  readonly waited: number
  readonly cut: number
}

interface Open {
  readonly remote: string
  readonly client: string
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  /** Its place in the list. */
  at: number
}

/** Requests that have been read and are not answered in full: what an outer cache may still get an old answer to. */
export class OpenRequests {
  /** In no order. Not a Set: what a busy one throws away when it grows keeps requests alive long after they were answered. */
  readonly #open: Open[] = []

  /** `client`: the address that trusted proxies vouch for. */
  track(incoming: IncomingMessage, response: ServerResponse, client: string): void {
    const remote = incoming.socket.remoteAddress ?? ''
    const open = { remote, client, incoming, response, at: this.#open.length }
    this.#open.push(open)
    response.once('close', () => this.#forget(open))
  }

  /** The last one takes its place. */
  #forget({ at }: Open): void {
    const last = this.#open.pop()!
    if (at === this.#open.length) return
    last.at = at
    this.#open[at] = last
  }

  /** Resolves when every request of these askers that is open now has been answered in full or cut (freshness rule P15). */
  async drain(rule: AskerRule, timers: Timers, deadlineMs = DRAIN_DEADLINE_MS): Promise<Drained> {
    const asks = askersOf(rule)
    const waiting = this.#open.filter(asks)
    let cut = 0
    const cancel = timers.after(deadlineMs, () => {
      for (const open of waiting) {
        if (open.response.closed) continue
        cut += 1
        open.incoming.socket.destroy()
      }
    })
    await Promise.all(waiting.map(({ response }) => closed(response)))
    cancel()
    return { waited: waiting.length, cut }
  }
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => void response.once('close', resolve))
}

function askersOf({ addresses, header }: AskerRule): (open: Open) => boolean {
  const networks = parseNetworks(addresses.join(',')) ?? []
  return ({ remote, client, incoming }) => {
    if (inNetworks(remote, networks) || inNetworks(client, networks)) return true
    if (header === null) return false
    const found = incoming.headers[header.name.toLowerCase()]
    return found !== undefined && (header.value === null || found === header.value)
  }
}
