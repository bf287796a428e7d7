import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface AskOptions {
  readonly method?: string
  /** Any field, `host` included, which fetch would not let through. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The request's target as it goes over the wire; the path of the URL unless said. */
  readonly target?: string
}

export interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly text: string
}

/** One request over a connection of its own, exactly as said. */
export async function ask(url: string, options: AskOptions = {}): Promise<Asked> {
  const { method = 'GET', headers = {}, body, target } = options
  const { hostname, port, pathname, search } = new URL(url)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = target ?? pathname + search
    const sent = request({ hostname, port, method, path, headers: { ...headers }, agent: false })
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body)
  })
  const bytes = await buffer(answer)
  const fields = Object.entries(answer.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)] as const,
  )
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(fields),
    bytes,
    text: bytes.toString(),
  }
}

export interface HeardRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface TestServer {
  readonly url: string
  /** Heads in the order of their coming. */
  readonly heard: HeardRequest[]
  stop(): Promise<void>
}

/** A real server on a free port that answers as the test says. */
export async function serveHttp(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const heard: HeardRequest[] = []
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    heard.push({ method, url, headers: headers as Record<string, string> })
    // Its clock is not the one that a test moves.
    response.sendDate = false
    handler(incoming, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const UNTIL_MS = 10_000
const LOOK_MS = 5

/** Waits for what will be true; fails with `what` after a deadline. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = UNTIL_MS,
  lookMs = LOOK_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
