import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import sharp from 'sharp'
import type { AssetChange, Assets } from '../../src/assets/assets.ts'
import { createAssets } from '../../src/assets/create-assets.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { openRecords } from '../../src/origin/records.ts'
import type { RecordStore } from '../../src/origin/records.ts'
import { openSqliteStore } from '../../src/store/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'

/** A real library on a temporary folder with a real store; what would become automatic invalidations is collected. */
export interface TestLibrary {
  readonly folder: string
  readonly originFolder: string
  readonly store: Store
  readonly records: RecordStore
  readonly changes: AssetChange[]
  assets: Assets
  /** Ends this library without its stop and starts another on the same folder, as after a crash. */
  again(): Promise<void>
}

export async function testLibrary(t: TestContext, folder?: string): Promise<TestLibrary> {
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'sluice-assets-')))
  const originFolder = join(place, 'origin')
  const store = await openSqliteStore(join(place, 'control.db'), { random: systemRandom })
  const changes: AssetChange[] = []
  const make = (): Assets =>
    createAssets({
      store,
      originFolder,
      onChange: async (_tx, change) => void changes.push(change),
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      log: silentLog,
    })
  const library: TestLibrary = {
    folder: place,
    originFolder,
    store,
    records: openRecords(originFolder),
    changes,
    assets: make(),
    async again() {
      library.assets = make()
      await library.assets.start()
    },
  }
  t.after(async () => {
    await library.assets.stop()
    await store.close()
    await rm(place, { recursive: true, force: true })
  })
  await library.assets.start()
  return library
}

/** Keys of every log entry after `seq`. */
export async function keysAfter(store: Store, seq: number): Promise<readonly string[]> {
  return (await store.tables.log.after(seq, 10_000)).flatMap((entry) => entry.keys)
}

export async function* bodyOf(
  ...pieces: readonly (string | Uint8Array)[]
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
}

export function picture(colour: string, width = 40, height = 30): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .jpeg()
    .toBuffer()
}

/** Waits for a condition with a deadline. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await systemTimers.sleep(10)
  }
}
