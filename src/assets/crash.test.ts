import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { testLibrary } from '../../test/support/asset-library.ts'
import { until } from '../../test/support/http.ts'
import { systemTimers } from '../kernel/timers.ts'
import { assetRecord } from './asset-rows.ts'

const BUSY = new URL('../../test/support/busy-library.ts', import.meta.url).pathname

const KILLS = 6
/** Before a kill, however slow the machine is. */
const ROUNDS = 2

it('after kill -9 at any moment every record is what the store says, and nothing is left over', async (t) => {
  const library = await testLibrary(t)
  await library.assets.createProject('demo', {})
  await library.assets.stop()
  for (let kill = 0; kill < KILLS; kill++) {
    const busy = spawn(process.execPath, [BUSY, library.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let rounds = 0
    busy.stdout.on('data', (dots: Buffer) => (rounds += dots.length))
    await until('it has changed something', () => rounds >= ROUNDS)
    await systemTimers.sleep(Math.random() * 120)
    busy.kill('SIGKILL')
    await once(busy, 'exit')

    await library.again()
    const rows = await library.store.tables.assets.all('demo')
    for (const row of rows) {
      assert.deepEqual(await library.records.asset('demo', row.id), assetRecord(row))
    }
    const assetsFolder = join(library.originFolder, 'records/demo/assets')
    const files = await readdir(assetsFolder).catch(() => [])
    assert.equal(files.length, rows.length, 'a record for each row, and no other file')
    const project = await library.store.tables.projects.get('demo')
    const presets = await library.records.presets('demo')
    assert.deepEqual(presets?.presets, { ...project?.presets })
    assert.deepEqual(await readdir(join(library.originFolder, 'intents')), [])
    await library.assets.stop()
  }
  assert.ok(
    (await library.store.tables.log.head()) > KILLS,
    'something was changed between the kills',
  )
})
