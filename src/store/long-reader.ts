import { Worker } from 'node:worker_threads'
import type { Timers } from '../kernel/timers.ts'
import { StoreError } from './errors.ts'
import type { AskLongRead } from './long-reads.ts'
import type { ReadQuestion, ReadReply, ReadThreadData } from './read-thread.ts'

/**
 * Long reads, one at a time, in a thread with a connection of its own: the event loop, which grants leases, waits for none of them.
 * The thread begins with the first read and ends when nobody asked for a while. Projects take turns.
 */

/** One project's, so that another's is never far from its turn. */
const WAITING_PER_PROJECT_MAX = 16
/** Of all projects: some seconds of searching. */
const WAITING_MAX = 64
/** Who waited so long is told to come back: others are before them. */
const WAIT_MAX_MS = 5000
/** No read takes so long unless the disk stands still; its thread is given up. */
const READ_MAX_MS = 20_000
/** A thread costs some 20 MB. */
const IDLE_MS = 60_000
/** A page of the log, and what SQLite's statements take beside their own memory. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 }
const RETRY_AFTER_SECONDS = 1
/** Published, this file is JavaScript and so is the thread's. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './read-thread.ts' : './read-thread.js',
  import.meta.url,
)

interface Read {
  readonly question: ReadQuestion
  readonly project: string
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  /** Ends its waiting for its turn, or for its answer. */
  cancelTimer: () => void
}

interface Thread {
  readonly worker: Worker
  readonly wanted: Int32Array
}

export class LongReader {
  readonly #path: string
  readonly #timers: Timers
  /** Projects in the order of their turns; none has an empty list. */
  readonly #waiting = new Map<string, Read[]>()
  #running: Read | null = null
  #thread: Thread | null = null
  #cancelIdle: () => void = () => undefined
  #lastNumber = 0
  #closed = false

  constructor(path: string, timers: Timers) {
    this.#path = path
    this.#timers = timers
  }

  /** Rejects with a `StoreError`: too many wait, the signal ended it, or the thread did. */
  readonly ask: AskLongRead = (name, args, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const number = (this.#lastNumber = (this.#lastNumber % 0x7fffffff) + 1)
    const read: Read = {
      question: { number, name, args },
      project: args[0],
      resolve,
      reject,
      cancelTimer: () => undefined,
    }
    const abandon = () => this.#abandon(read)
    if (signal?.aborted === true) reject(abandoned())
    else this.#enqueue(read)
    signal?.addEventListener('abort', abandon, { once: true })
    void promise.finally(() => signal?.removeEventListener('abort', abandon)).catch(() => undefined)
    return promise as ReturnType<AskLongRead> as never
  }

  async close(): Promise<void> {
    this.#closed = true
    const closed = new StoreError('read-failed', 'The store is closed.')
    for (const read of [...this.#waiting.values()].flat())
      this.#end(read, () => read.reject(closed))
    this.#waiting.clear()
    await this.#giveUp(closed)
  }

  #enqueue(read: Read): void {
    if (this.#closed) return read.reject(new StoreError('read-failed', 'The store is closed.'))
    const before = this.#waiting.get(read.project) ?? []
    const all = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0)
    if (before.length >= WAITING_PER_PROJECT_MAX || all >= WAITING_MAX)
      return read.reject(tooMany())
    this.#waiting.set(read.project, [...before, read])
    read.cancelTimer = this.#timers.after(WAIT_MAX_MS, () => {
      this.#leave(read)
      read.reject(tooMany())
    })
    this.#next()
  }

  /** Of the project whose turn it is, which then goes to the end. */
  #next(): void {
    if (this.#running !== null) return
    const [turn] = this.#waiting
    if (turn === undefined) return this.#idle()
    const [project, [read, ...others]] = turn
    this.#waiting.delete(project)
    if (others.length > 0) this.#waiting.set(project, others)
    this.#run(read!)
  }

  #run(read: Read): void {
    this.#cancelIdle()
    this.#running = read
    read.cancelTimer()
    read.cancelTimer = this.#timers.after(READ_MAX_MS, () => {
      void this.#giveUp(new StoreError('read-failed', 'The store did not answer in time.'))
    })
    const { worker, wanted } = (this.#thread ??= this.#begin())
    Atomics.store(wanted, 0, read.question.number)
    worker.ref()
    worker.postMessage(read.question, [])
  }

  #begin(): Thread {
    const wanted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const data: ReadThreadData = { path: this.#path, wanted }
    const worker = new Worker(THREAD, { workerData: data, resourceLimits: THREAD_LIMITS })
    const thread = { worker, wanted }
    worker.on('message', (reply: ReadReply) => this.#replied(reply))
    const died = (cause: unknown) => {
      if (this.#thread !== thread) return
      void this.#giveUp(unreadable(cause))
    }
    worker.on('error', died)
    worker.on('exit', died)
    return thread
  }

  #replied(reply: ReadReply): void {
    const read = this.#running
    if (read?.question.number !== reply.number) return
    this.#end(read, () => {
      if ('answer' in reply) read.resolve(reply.answer)
      else if ('failed' in reply) read.reject(unreadable(reply.failed))
      else read.reject(new StoreError(reply.refused.code, reply.refused.message))
    })
    this.#next()
  }

  /** The caller is told at once; a thread that reads for nobody notices it between two pieces. */
  #abandon(read: Read): void {
    if (this.#running === read) Atomics.store(this.#thread!.wanted, 0, 0)
    else this.#leave(read)
    read.reject(abandoned())
  }

  #leave(read: Read): void {
    read.cancelTimer()
    const left = (this.#waiting.get(read.project) ?? []).filter((other) => other !== read)
    if (left.length > 0) this.#waiting.set(read.project, left)
    else this.#waiting.delete(read.project)
  }

  #end(read: Read, settle: () => void): void {
    read.cancelTimer()
    if (this.#running === read) this.#running = null
    settle()
  }

  #idle(): void {
    this.#thread?.worker.unref()
    this.#cancelIdle()
    this.#cancelIdle = this.#timers.after(IDLE_MS, () => void this.#giveUp(null))
  }

  /** Ends the thread, and with it what it reads; the next read begins another. */
  async #giveUp(why: StoreError | null): Promise<void> {
    this.#cancelIdle()
    const thread = this.#thread
    this.#thread = null
    const read = this.#running
    if (read !== null) this.#end(read, () => read.reject(why))
    if (!this.#closed && this.#waiting.size > 0) this.#next()
    await thread?.worker.terminate()
  }
}

function tooMany(): StoreError {
  return new StoreError('too-many-searches', 'Too many searches wait already: try again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

function unreadable(cause: unknown): StoreError {
  return new StoreError('read-failed', 'The store could not be read: try again.', { cause })
}

function abandoned(): StoreError {
  return new StoreError('abandoned', 'Nobody waits for this answer.')
}
