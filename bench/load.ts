/**
 * Asks one URL over and over on kept connections, and says how many answers came and how long they took. A process of its own, so
 * that its work is not counted as the server's: `node bench/load.ts <url> <connections> <seconds>`.
 */
import { connect } from 'node:net'

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Answers are read by their Content-Length alone: both servers that are measured send one for hits. */
function oneConnection(url: URL, until: number, times: number[]): Promise<void> {
  const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: image/jpeg\r\n\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname)
    let sentAt = 0
    let missing = 0
    let head = ''
    const send = (): void => {
      sentAt = performance.now()
      if (sentAt >= until) socket.end(() => resolve())
      else socket.write(request)
    }
    socket.setNoDelay(true)
    socket.once('connect', send)
    socket.once('error', reject)
    socket.on('data', (piece) => {
      if (missing > 0) missing -= piece.length
      else {
        head += piece.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = /\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1]
        if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
          socket.destroy(new Error(`unexpected answer: ${head.slice(0, 200)}`))
          return
        }
        missing = end + 4 + Number(length) - head.length
        head = ''
      }
      if (missing > 0) return
      times.push(performance.now() - sentAt)
      send()
    })
  })
}

async function main(): Promise<void> {
  const [url, connections, seconds] = process.argv.slice(2)
  const times: number[] = []
  const started = performance.now()
  const until = started + Number(seconds) * 1000
  const address = new URL(url!)
  await Promise.all(
    Array.from({ length: Number(connections) }, () => oneConnection(address, until, times)),
  )
  times.sort((a, b) => a - b)
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  const result: LoadResult = {
    requests: times.length,
    seconds: (performance.now() - started) / 1000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
  process.stdout.write(JSON.stringify(result))
}

if (import.meta.main) await main()
