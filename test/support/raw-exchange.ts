import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Exchanged {
  readonly statusLine: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends these very bytes over a connection of its own; they must ask for its end. */
export async function exchange(base: string, request: string): Promise<Exchanged> {
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  socket.write(request)
  const answer = await text(socket)
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const [statusLine = '', ...fields] = head.split('\r\n')
  const headers = fields.map((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const
  })
  return { statusLine, headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') }
}
