import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { Freshness } from '../cache/freshness.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import { RecordReader } from './record-reader.ts'

const FLAG = recordName.asset('demo', 'flag')

function setUp() {
  const freshness = new Freshness(manualTime().clock)
  freshness.startEmpty('log', 5)
  let version = 1
  const gate = { open: Promise.resolve() }
  const reader = new RecordReader(freshness, async () => {
    const read = version
    await gate.open
    return { version: read }
  })
  const purge = (key = keyText.record(FLAG)): void =>
    freshness.apply({
      seq: freshness.applied + 1,
      project: 'demo',
      kind: 'purge',
      keys: [keyHash(key)],
    })
  const need = (mark: number, logId = freshness.logId) => ({ mark, strict: false, logId })
  return { freshness, reader, gate, purge, need, change: () => void (version += 1) }
}

describe('a record', () => {
  it('is read once, and again after its purge', async () => {
    const { reader, need, change, purge } = setUp()
    assert.deepEqual(await reader.read(FLAG, need(5)), { version: 1 })
    change()
    assert.deepEqual(await reader.read(FLAG, need(5)), { version: 1 })
    purge()
    assert.deepEqual(await reader.read(FLAG, need(6)), { version: 2 })
  })

  it('that was read for a need of a log that was replaced claims none of the new one’s purges', async () => {
    const { freshness, reader, gate, need, change, purge } = setUp()
    freshness.startEmpty('another log', 0)
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.open = promise
    const before = reader.read(FLAG, need(5, 'log'))
    change()
    purge()
    for (let at = 0; at < 9; at++) purge(keyText.asset('demo', 'other'))
    resolve()
    assert.deepEqual(await before, { version: 1 })
    assert.deepEqual(
      await reader.read(FLAG, need(freshness.applied)),
      { version: 2 },
      'a mark of 5 would have said that the purge of 1 is reflected',
    )
  })
})
