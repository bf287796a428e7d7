/** An event of a `text/event-stream` (HTML Standard, §9.2.6 "Interpreting an event stream"). */
export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** A single event of ours is an invalidation of some kilobytes; more than this is no event stream. */
const EVENT_LENGTH_MAX = 16 * 1024 * 1024

export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const piece of body) {
    waiting += decoder.decode(piece, { stream: true })
    if (waiting.length > EVENT_LENGTH_MAX) return
    // A line may end in CR LF: the last CR of a piece waits for its LF.
    const blocks = waiting.replaceAll(/\r\n|\r(?!$)/g, '\n').split('\n\n')
    waiting = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event !== undefined) yield event
    }
  }
}

/** Undefined for a block without data, such as a comment that keeps the connection open. */
function eventOf(block: string): ServerEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') }
}
