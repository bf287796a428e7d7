import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'

import { commandLine } from '../support/command-line.ts'
import { startControlApi } from '../support/control-api.ts'
import type { ControlApi } from '../support/control-api.ts'
import type { InvalidationList } from '../../src/contract/api/invalidations.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import type { InvalidationRow } from '../../src/store/store.ts'
import { invalidationRow } from '../../src/store/store-suite-rows.ts'

/** `sluice log`, `show`, `retry` and `cancel` against a real server: each filter, each exit code. */

const ROWS: readonly Partial<InvalidationRow>[] = [
  { status: 'Done', scope: 'all', source: 'manual', note: 'spring sale' },
  { status: 'Done', source: 'automatic', cause: 'New version of “flat”', createdBy: 'Sluice' },
  { status: 'ERROR', failure: 'the disk is full' },
  { status: 'ERROR_CDN_NODE', failure: 'Failed to invalidate CDN cache. zone: 403' },
  { status: 'Cancelled', scheduledAt: '2027-01-01T00:00:00.000Z', source: 'scheduled' },
]

describe('the log on the command line', () => {
  let control: ControlApi
  const rows: InvalidationRow[] = []
  before(async () => {
    control = await startControlApi()
    for (const change of ROWS) {
      const finishedAt = new Date().toISOString()
      const row = invalidationRow({ finishedAt, ...change })
      rows.push(row)
      await control.store.transaction('volatile', (tx) => tx.invalidations.insert(row, []))
    }
  })
  after(() => control.stop())

  const run = (...argv: readonly string[]) => commandLine(control)(argv)
  async function found(...argv: readonly string[]): Promise<readonly number[]> {
    const { code, out, err } = await run('log', '--json', ...argv)
    assert.equal(code, 0, err)
    const { items } = JSON.parse(out) as InvalidationList
    return items.map(({ id }) => rows.findIndex((row) => row.id === id)).toSorted((a, b) => a - b)
  }

  test('each filter', async () => {
    assert.deepEqual(await found(), [0, 1, 2, 3, 4])
    assert.deepEqual(await found('--status', 'ERROR,ERROR_CDN_NODE'), [2, 3])
    assert.deepEqual(await found('--scope', 'all'), [0])
    assert.deepEqual(await found('--source', 'automatic'), [1])
    assert.deepEqual(await found('-q', 'SPRING'), [0])
    assert.deepEqual(await found('-q', rows[3]!.id), [3])
    const third = rows[2]!.createdAt
    assert.deepEqual(await found('--from', third), [2, 3, 4])
    assert.deepEqual(await found('--to', third), [0, 1])
    assert.deepEqual(await found('--status', 'Done', '--source', 'manual', '--to', third), [0])
  })

  test('pages follow one another', async () => {
    const first = await run('log', '--limit', '3')
    const cursor = /^More: --cursor (\S+)$/m.exec(first.out)?.[1]
    assert.ok(cursor)
    assert.deepEqual(await found('--limit', '3', '--cursor', cursor), [0, 1])
    assert.equal((await run('log', '-q', 'nobody ever')).out, 'No invalidation matches.\n')
  })

  test('a filter that is none is refused by name', async () => {
    for (const [flag, value] of [
      ['--status', 'Finished'],
      ['--scope', 'some'],
      ['--source', 'me'],
      ['--from', 'yesterday'],
      ['--limit', '0'],
      ['--cursor', 'x'],
    ] as const) {
      const { code, out, err } = await run('log', flag, value)
      assert.deepEqual([code, out], [2, ''], flag)
      assert.match(err, /^sluice: \S+/)
    }
  })

  test('show tells what happened and what can be done; --wait exits as it ended', async () => {
    const [done, , failed, cdn, cancelled] = rows.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
    ]
    assert.match((await run('show', done)).out, /^note +spring sale$/m)
    assert.match((await run('show', failed)).out, /ERROR: the disk is full\. Again: sluice retry /)
    for (const [id, code] of [
      [done, 0],
      [failed, 1],
      [cdn, 1],
      [cancelled, 1],
    ] as const) {
      assert.equal((await run('show', id, '--wait')).code, code, id)
      assert.equal((await run('show', id)).code, 0)
    }
    assert.equal((await run('show', 'no-id')).code, 2)
  })

  test('retry takes up what failed, under the same id, and waits for its end', async () => {
    const { id } = rows[2]!
    const { code, out } = await run('retry', id, '--wait', '--json')
    assert.equal(code, 0, out)
    const again = JSON.parse(out) as Invalidation
    assert.deepEqual([again.id, again.status], [id, 'Done'])
    const twice = await run('retry', id)
    assert.equal(twice.code, 2)
    assert.match(twice.err, /^sluice: .+/)
    assert.equal((await run('retry', rows[4]!.id)).code, 2)
  })

  test('cancel is for what is scheduled', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const submitted = await run('invalidate', '--url', URL_OF_DEMO, '--at', at, '--json')
    const { id } = JSON.parse(submitted.out) as Invalidation
    assert.match((await run('cancel', id)).out, /^Cancelled: 1 URL will not be purged\.$/m)
    const twice = await run('cancel', id)
    assert.deepEqual([twice.code, twice.out], [2, ''])
  })
})

const URL_OF_DEMO = 'https://demo.example/is/image/demo/any?wid=5'
