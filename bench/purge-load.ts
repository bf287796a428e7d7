import { connect } from 'node:net'

/** Requests over kept connections, one at a time on each, with as little work as possible on this side. */
const CONNECTIONS = 16

interface Line {
  send(head: string): Promise<void>
  close(): void
}

/** Answers are read by their Content-Length alone: caches send one for what is purged and for what they hold. */
function openLine(url: URL): Promise<Line> {
  const socket = connect(Number(url.port), url.hostname)
  socket.setNoDelay(true)
  let waiting: PromiseWithResolvers<void> | null = null
  let text = ''
  socket.on('data', (piece) => {
    text += piece.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = text.slice(0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (text.length < end + 4 + length) return
    text = ''
    if (/^HTTP\/1\.1 (2|404)/.test(head)) waiting?.resolve()
    else waiting?.reject(new Error(`unexpected answer: ${head.slice(0, 200)}`))
  })
  socket.on('error', (error) => waiting?.reject(error))
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () =>
      resolve({
        send(head) {
          waiting = Promise.withResolvers<void>()
          socket.write(`${head}\r\nHost: ${url.host}\r\n\r\n`)
          return waiting.promise
        },
        close: () => socket.destroy(),
      }),
    )
  })
}

async function withLines(
  url: string,
  use: (line: Line, at: number) => Promise<void>,
): Promise<void> {
  const lines = await Promise.all(Array.from({ length: CONNECTIONS }, () => openLine(new URL(url))))
  try {
    await Promise.all(lines.map(use))
  } finally {
    for (const line of lines) line.close()
  }
}

/** Fills a cache. */
export async function readAll(
  url: string,
  pathOf: (at: number) => string,
  count: number,
): Promise<void> {
  let next = 0
  await withLines(url, async (line) => {
    while (next < count) await line.send(`GET ${pathOf(next++)} HTTP/1.1`)
  })
}

/** Each another URL, as fast as they are answered. */
export async function purgesPerSecond(url: string, seconds: number): Promise<number> {
  const began = performance.now()
  const until = began + seconds * 1000
  let purges = 0
  await withLines(url, async (line, at) => {
    for (let n = 0; performance.now() < until; n++) {
      await line.send(`PURGE /none/${at}-${n} HTTP/1.1`)
      purges += 1
    }
  })
  return (purges / (performance.now() - began)) * 1000
}

/** Milliseconds that a purge by tag takes. */
export async function timesOf(
  url: string,
  method: string,
  tag: string,
  times: number,
): Promise<readonly number[]> {
  const line = await openLine(new URL(url))
  const measured: number[] = []
  for (let at = 0; at < times; at++) {
    const began = performance.now()
    await line.send(`${method} / HTTP/1.1\r\nxkey-purge: ${tag}`)
    measured.push(performance.now() - began)
  }
  line.close()
  return measured
}
