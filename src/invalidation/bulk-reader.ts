import { Worker } from 'node:worker_threads'
import type { BulkPiece } from '../store/store.ts'
import type { BulkSummary } from './bulk-lines.ts'
import type { ForThread, FromThread, ToThread } from './bulk-thread.ts'

/** Messages under way: the thread always has the next one, and memory stays small. */
const UNDER_WAY_MAX = 3
/** Bytes in one message; smaller arrivals are put together. */
const MESSAGE_BYTES = 256 * 1024
/**
 * What the thread may hold: a piece is some megabytes of short-lived texts. Beyond it something is wrong, and the thread ends instead
 * of the process.
 */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 96 }
/** Published, this file is JavaScript and so is the thread's. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './bulk-thread.ts' : './bulk-thread.js',
  import.meta.url,
)

/**
 * Reads a long list in a thread of its own and yields its pieces; returns what it found. The thread ends with the generator, however
 * that ends.
 */
export async function* readBulk(
  body: AsyncIterable<Uint8Array>,
  begins: ForThread,
): AsyncGenerator<BulkPiece, BulkSummary> {
  const worker = new Worker(THREAD, {
    workerData: begins,
    resourceLimits: THREAD_LIMITS,
  })
  const answers = answersOf(worker)
  try {
    let underWay = 0
    let summary: BulkSummary | null = null
    for await (const message of messagesOf(body)) {
      worker.postMessage(message satisfies ToThread, message === null ? [] : [message.buffer])
      underWay += 1
      const wanted = message === null ? 0 : UNDER_WAY_MAX - 1
      while (underWay > wanted) {
        const answer = await answers()
        underWay -= 1
        summary = answer.summary
        yield* answer.pieces
      }
    }
    // The last message is null, and its answer has a summary.
    return summary!
  } finally {
    await worker.terminate()
  }
}

/** Copies, because what arrives is a part of the socket's memory, and a message takes its memory along. */
async function* messagesOf(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer> | null> {
  let bytes = new Uint8Array(MESSAGE_BYTES)
  let used = 0
  for await (const arrived of body) {
    for (let at = 0; at < arrived.length;) {
      const part = arrived.subarray(at, at + MESSAGE_BYTES - used)
      bytes.set(part, used)
      used += part.length
      at += part.length
      if (used < MESSAGE_BYTES) continue
      yield bytes
      bytes = new Uint8Array(MESSAGE_BYTES)
      used = 0
    }
  }
  if (used > 0) yield bytes.slice(0, used)
  yield null
}

/** Each call is the next answer; rejects when the thread has died. */
function answersOf(worker: Worker): () => Promise<FromThread> {
  const come: FromThread[] = []
  let waiting: PromiseWithResolvers<FromThread> | null = null
  let died: unknown = null
  worker.on('message', (answer: FromThread) => {
    if (waiting) waiting.resolve(answer)
    else come.push(answer)
    waiting = null
  })
  worker.on('error', (error: unknown) => {
    died = error
    waiting?.reject(error)
    waiting = null
  })
  return () => {
    const answer = come.shift()
    if (answer) return Promise.resolve(answer)
    if (died !== null) return Promise.reject(died)
    waiting = Promise.withResolvers<FromThread>()
    return waiting.promise
  }
}
