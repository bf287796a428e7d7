import { join } from 'node:path'
import { createAssets } from '../../src/assets/create-assets.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { openSqliteStore } from '../../src/store/sqlite-store.ts'
import { bodyOf } from './asset-library.ts'

/** A program that changes a library without end, a dot for each round, to be killed at any moment: `node busy-library.ts <folder>`. */
const folder = process.argv[2]!
const store = await openSqliteStore(join(folder, 'control.db'), { random: systemRandom })
const assets = createAssets({
  store,
  originFolder: join(folder, 'origin'),
  onChange: async () => undefined,
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  log: silentLog,
})
await assets.start()
for (let at = 0; ; at++) {
  const id = `asset-${at % 5}`
  const by = 'busy'
  const unique = `${Date.now()} ${at}`
  await assets.put({ project: 'demo', id, by }, bodyOf(unique))
  if (at % 3 === 0) await assets.patch('demo', id, { published: at % 2 === 0 }, by)
  if (at % 4 === 0) await assets.remove('demo', id, by)
  if (at % 4 === 1) await assets.patch('demo', id, { id: `moved-${unique.replace(' ', '-')}` }, by)
  if (at % 4 === 2) await assets.putPreset('demo', 'thumb', `wid=${at + 1}`)
  process.stdout.write('.')
}
