import type { Log } from '../kernel/log.ts'
import { StartError } from '../kernel/http-server.ts'
import type { Timers } from '../kernel/timers.ts'
import { isCopy } from '../store/sqlite-copies.ts'
import type { Store } from '../store/store.ts'
import type { DataFolder } from './data-folder.ts'

/**
 * Where the purge log stood when control last looked, beside the store itself. A store that is behind it is an older copy that somebody
 * put back without saying so: nodes would count its numbers for those that they have applied already.
 */
const FILE = 'purge-log.json'

/** Between two looks; a copy that lost less than what came in between is not told by this. */
const EVERY_MS = 5_000

interface LogPlace {
  readonly logId: string
  readonly head: number
}

export async function refuseOlderCopy(data: DataFolder, store: Store): Promise<void> {
  const before = parse(await data.read(FILE))
  const now = await placeOf(store)
  if (before === null || isCopy(now.logId)) return
  if (before.logId !== now.logId || before.head <= now.head) return
  throw new StartError(
    `the data in ${data.path} are an older copy of those that ran here (${now.head} purges, there were ` +
      `${before.head}); say so with \`sluice admin restored --data ${data.path}\`, then start again`,
  )
}

/** Notes the place now and then, and once more when it is stopped. */
export function noteLogPlace(
  { timers, log }: { readonly timers: Timers; readonly log: Log },
  data: DataFolder,
  store: Store,
): () => Promise<void> {
  const stopping = new AbortController()
  let noted = ''

  async function note(): Promise<void> {
    try {
      const text = JSON.stringify(await placeOf(store))
      if (text !== noted) await data.write(FILE, text)
      noted = text
    } catch (error) {
      log.warn({ err: error }, 'where the purge log stands could not be noted')
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await note()
      await pause(timers, stopping.signal)
    }
  }

  const running = loop()
  return async () => {
    stopping.abort()
    await running
    await note()
  }
}

/** Like a sleep that keeps no process alive. */
function pause(timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const cancel = timers.after(EVERY_MS, resolve)
    signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
  })
}

async function placeOf(store: Store): Promise<LogPlace> {
  const { log } = store.tables
  return { logId: await log.id(), head: await log.head() }
}

/** What cannot be read says nothing. */
function parse(text: string | null): LogPlace | null {
  if (text === null) return null
  try {
    const found = JSON.parse(text) as Partial<LogPlace> | null
    const { logId, head } = found ?? {}
    return typeof logId === 'string' && typeof head === 'number' ? { logId, head } : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
