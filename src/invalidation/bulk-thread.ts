import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { goAfterOthers } from '../kernel/thread-priority.ts'
import type { BulkPiece } from '../store/store.ts'
import { PieceMaker } from './bulk-lines.ts'
import type { BulkSummary } from './bulk-lines.ts'
import type { DeliveryNames } from './url-check.ts'

/** What it begins with. */
export interface ForThread {
  readonly names: DeliveryNames
  readonly sources: readonly string[]
}

/** What goes to the thread: bytes of the list, then null. */
export type ToThread = Uint8Array | null

/** One answer for each message, so that who sends knows how much is under way. */
export interface FromThread {
  readonly pieces: readonly BulkPiece[]
  /** With the last one. */
  readonly summary: BulkSummary | null
}

/** The beginning of a thread: reads a list beside the event loop that answers everybody else. */
if (!isMainThread && parentPort !== null) {
  const port = parentPort
  goAfterOthers()
  const { names, sources } = workerData as ForThread
  const maker = new PieceMaker(names, sources)
  port.on('message', (message: ToThread) => {
    const { pieces, summary } =
      message === null ? maker.end() : { pieces: maker.push(message), summary: null }
    const buffers = pieces.map(({ keys }) => keys.buffer as ArrayBuffer)
    port.postMessage({ pieces, summary } satisfies FromThread, buffers)
    if (message === null) port.close()
  })
}
