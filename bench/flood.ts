/**
 * Asks at a steady rate from one address of this machine, and says what came: `node bench/flood.ts <order as JSON>`. A process of its own,
 * so that attacker and visitor do not wait for each other.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

import { percentile } from './figure.ts'

export interface FloodOrder {
  readonly url: string
  readonly host: string
  /** `hit`: the URL as it is; `width`: another `w=` each time; `vh`: another `vh=` each time. */
  readonly each: 'hit' | 'width' | 'vh'
  readonly perSecond: number
  readonly seconds: number
  readonly from: string
  readonly connections: number
}

export interface FloodResult {
  readonly sent: number
  readonly statuses: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
}

const TICK_MS = 5

interface Line {
  readonly socket: Socket
  /** When the answer is late: since when it is waited for. */
  askedAt: number | null
  head: string
  missing: number
}

async function flood(order: FloodOrder): Promise<FloodResult> {
  const url = new URL(order.url)
  const times: number[] = []
  const statuses: Record<string, number> = {}
  const lines = await Promise.all(
    Array.from({ length: order.connections }, () => openLine(url, order.from)),
  )
  let sent = 0
  const ask = (line: Line): void => {
    line.askedAt = performance.now()
    line.socket.write(
      `GET ${targetOf(url, order.each, sent)} HTTP/1.1\r\nHost: ${order.host}\r\nAccept: image/jpeg\r\n\r\n`,
    )
    sent += 1
  }
  for (const line of lines) {
    line.socket.on('data', (piece) => {
      const status = read(line, piece)
      if (status === null || line.askedAt === null) return
      times.push(performance.now() - line.askedAt)
      statuses[status] = (statuses[status] ?? 0) + 1
      line.askedAt = null
    })
  }
  const began = performance.now()
  let due = 0
  while (performance.now() - began < order.seconds * 1000) {
    due = Math.floor(((performance.now() - began) / 1000) * order.perSecond)
    for (const line of lines) if (sent < due && line.askedAt === null) ask(line)
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  for (const { socket } of lines) socket.destroy()
  return { sent, statuses, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) }
}

function targetOf({ pathname, search }: URL, each: FloodOrder['each'], at: number): string {
  if (each === 'hit') return pathname + search
  // Widths of 1 to 5000, then with heights: never the same twice.
  if (each === 'width') return `${pathname}?w=${1 + (at % 5000)}&h=${1 + Math.floor(at / 5000)}`
  return `${pathname}${search}&vh=${at.toString(36)}x${Math.random().toString(36).slice(2)}`
}

function openLine(url: URL, localAddress: string): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(url.port), host: url.hostname, localAddress })
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => resolve({ socket, askedAt: null, head: '', missing: 0 }))
  })
}

/** The status of an answer that is whole now; answers are read by their Content-Length alone. */
function read(line: Line, piece: Buffer): string | null {
  if (line.missing > 0) line.missing -= piece.length
  else {
    line.head += piece.toString('latin1')
    const end = line.head.indexOf('\r\n\r\n')
    if (end < 0) return null
    const length = /\r\ncontent-length: (\d+)/i.exec(line.head.slice(0, end))?.[1]
    line.missing = end + 4 + Number(length ?? 0) - line.head.length
  }
  if (line.missing > 0) return null
  const status = line.head.slice(9, 12)
  line.head = ''
  return status
}

if (import.meta.main) {
  const result = await flood(JSON.parse(process.argv[2]!) as FloodOrder)
  process.stdout.write(JSON.stringify(result))
}
