import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { keyHash, keyText } from '../contract/keys.ts'
import type { KnownOriginal } from '../contract/known-originals.ts'
import { systemClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { createRemote } from '../origin/remote.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { ProjectRow } from '../store/store.ts'
import { manualTime } from '../../test/support/manual-time.ts'
import { startSampleOrigin } from '../../test/support/sample-origin.ts'
import type { SampleOrigin } from '../../test/support/sample-origin.ts'
import type { AssetChange } from './assets.ts'
import { OriginRefresh } from './origin-refresh.ts'
import { PROJECT_DEFAULTS } from './project-settings.ts'

/** Goal: automatic origin refresh against a real web server; what image servers know is given. */

let origin: SampleOrigin
const FILES = ['/one.png', '/two.png', '/three.png']

before(async () => {
  origin = await startSampleOrigin()
  for (const file of FILES) await origin.put(file, 'red')
})

after(() => origin.stop())

function project(): ProjectRow {
  const rule = {
    host: 'sample.li',
    scheme: 'http',
    connectTo: origin.place,
    allowPrivate: true,
  } as const
  return { ...PROJECT_DEFAULTS, id: 'demo', createdAt: 0, origins: [rule] }
}

function known(file: string, change: Partial<KnownOriginal> = {}): KnownOriginal {
  const hash = origin.hashOf(file)
  return {
    original: `sample.li${file}`,
    hash,
    mediaType: 'image/png',
    bytes: 1,
    etag: `"${hash.slice(0, 16)}"`,
    lastModified: null,
    confirmedAt: 0,
    ...change,
  }
}

/** Looks once at what image servers hold; resolves to what was told as changed. */
async function refreshed(pages: readonly (readonly KnownOriginal[])[]): Promise<AssetChange[]> {
  const changes: AssetChange[] = []
  const refresh = new OriginRefresh({
    store: createMemoryStore({ random: systemRandom }),
    known: {
      one: async () => [],
      async page(_project, behind) {
        const at = behind === '' ? 0 : Number(behind)
        return { items: pages[at] ?? [], next: at + 1 < pages.length ? String(at + 1) : null }
      },
    },
    remote: createRemote({ clock: systemClock, timers: systemTimers }),
    onChange: async (_tx, change) => void changes.push(change),
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
  })
  await refresh.refresh(project(), new AbortController().signal)
  await refresh.stop()
  return changes
}

describe('automatic origin refresh', () => {
  it('asks conditionally, and invalidates nothing while nothing changed', async () => {
    const { bodies } = origin
    const read = origin.heard.length
    const held = FILES.map((file) => known(file))
    assert.deepEqual(await refreshed([held.slice(0, 2), held.slice(2)]), [])
    assert.equal(origin.heard.length, read + 3)
    assert.equal(origin.bodies, bodies)
  })

  it('invalidates only what changed, and says why', async () => {
    const held = FILES.map((file) => known(file))
    await origin.put('/two.png', 'blue')
    const [change, ...more] = await refreshed([held])
    assert.deepEqual(more, [])
    assert.equal(change?.cause, '“sample.li/two.png” changed at its origin')
    const two = 'sample.li/two.png'
    assert.deepEqual(
      change?.keys,
      [keyText.original('demo', two), keyText.source('demo', two)].map(keyHash),
    )
  })

  it('takes another ETag on the same bytes for no change', async () => {
    assert.deepEqual(await refreshed([[known('/one.png', { etag: '"weekly build"' })]]), [])
  })

  it('invalidates what two image servers hold in two versions', async () => {
    const copies = [known('/one.png'), known('/one.png', { hash: '0'.repeat(64) })]
    assert.equal((await refreshed([copies])).length, 1)
  })

  it('leaves alone what is gone, what fails and what is no longer allowed', async () => {
    const gone = known('/one.png', { original: 'sample.li/gone.png' })
    const foreign = known('/one.png', { original: 'elsewhere.example/a.png' })
    assert.deepEqual(await refreshed([[gone, foreign]]), [])
    origin.failWith(500)
    assert.deepEqual(await refreshed([[known('/one.png', { etag: '"old"' })]]), [])
    origin.failWith(0)
  })

  it('comes at the project’s interval, and not at all without one or without automatic invalidation', async () => {
    const { time, looks, every, start } = schedule()
    await every('minute', 60)
    await every('hour', 3600)
    await every('never', null)
    await every('by-hand', 60, false)
    const refresh = start()
    await time.advance(62_000)
    assert.equal(looks.filter((id) => id === 'minute').length, 1)
    await time.advance(3_600_000)
    assert.equal(looks.filter((id) => id === 'hour').length, 1)
    assert.equal(looks.filter((id) => id === 'minute').length, 61)
    assert.ok(!looks.includes('never') && !looks.includes('by-hand'))
    await refresh.stop()
  })

  it('comes although no process lives as long as the interval', async () => {
    const { time, looks, every, start } = schedule()
    await every('hour', 3600)
    for (let process = 0; process < 9; process++) {
      const refresh = start()
      await time.advance(1_200_000)
      await refresh.stop()
    }
    assert.equal(looks.length, 3)
  })

  it('does not come for a changed interval before one is over, or twice for a clock that is set back', async () => {
    const { time, looks, every, start, change } = schedule()
    await every('hour', 3600)
    const refresh = start()
    await time.advance(3_000)
    await change('hour', 60)
    await time.advance(2_000)
    assert.equal(looks.length, 0)
    await time.advance(60_000)
    assert.equal(looks.length, 1)
    time.jumpWall(-30_000)
    await time.advance(29_000)
    assert.equal(looks.length, 1)
    await refresh.stop()
  })
})

/** Projects with intervals, and who was looked at, on a clock of the test. */
function schedule() {
  const time = manualTime()
  const store = createMemoryStore({ random: systemRandom })
  const looks: string[] = []
  return {
    time,
    looks,
    every: (id: string, seconds: number | null, automaticInvalidation = true) =>
      store.transaction('durable', (tx) =>
        tx.projects.insert({
          ...project(),
          id,
          automaticInvalidation,
          delivery: { originRefreshSeconds: seconds },
        }),
      ),
    change: (id: string, seconds: number) =>
      store.transaction('durable', (tx) =>
        tx.projects.update(id, { delivery: { originRefreshSeconds: seconds } }),
      ),
    start: (): OriginRefresh => {
      const refresh = new OriginRefresh({
        store,
        known: {
          one: async () => [],
          page: async (id) => (looks.push(id), { items: [], next: null }),
        },
        remote: createRemote({ clock: time.clock, timers: time.timers }),
        onChange: async () => undefined,
        ...time,
        log: silentLog,
      })
      refresh.start()
      return refresh
    },
  }
}
