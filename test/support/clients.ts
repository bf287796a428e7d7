import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'

/** A client with an address of its own: every address of 127.0.0.0/8 is this machine's on Linux. */
export interface Client {
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<ClientAnswer>
  close(): void
}

export interface ClientAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly ms: number
}

export function clientAt(localAddress: string, connections = 16): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    get(url, headers = {}) {
      const { hostname, port, pathname, search } = new URL(url)
      const began = performance.now()
      return new Promise((resolve, reject) => {
        request(
          { agent, localAddress, hostname, port, path: pathname + search, headers: { ...headers } },
          (answer) => {
            answer.resume()
            answer.once('error', reject)
            answer.once('end', () =>
              resolve({
                status: answer.statusCode ?? 0,
                headers: answer.headers,
                ms: performance.now() - began,
              }),
            )
          },
        )
          .once('error', reject)
          .end()
      })
    },
    close: () => agent.destroy(),
  }
}

/** The most that any window of one second saw. */
export function mostInOneSecond(times: readonly number[]): number {
  let most = 0
  let from = 0
  for (const [at, time] of times.entries()) {
    while (times[from]! <= time - 1000) from += 1
    most = Math.max(most, at - from + 1)
  }
  return most
}
