import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairQueue } from './fair-queue.ts'

/** Enters and notes its turn; leaves when told. */
function worker(queue: FairQueue, turns: string[], group: string, signal?: AbortSignal) {
  return queue.enter(group, signal).then((entered) => {
    if (entered) turns.push(group)
    return entered
  })
}

/** Lets everything that is ready happen. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('a fair queue', () => {
  it('serves groups in turn: one project’s two hundred do not delay another’s one', async () => {
    const queue = new FairQueue({ concurrency: 1, queueMax: 200 })
    const turns: string[] = []
    await worker(queue, turns, 'big')
    for (let at = 0; at < 200; at++) void worker(queue, turns, 'big')
    void worker(queue, turns, 'small')
    void worker(queue, turns, 'small')
    for (let at = 0; at < 5; at++) {
      queue.leave()
      await settled()
    }
    assert.deepEqual(turns, ['big', 'big', 'small', 'big', 'small', 'big'])
  })

  it('refuses what a group queues beyond its limit, and takes what another group brings', async () => {
    const queue = new FairQueue({ concurrency: 1, queueMax: 2 })
    const turns: string[] = []
    await worker(queue, turns, 'one')
    const [, , third] = [0, 1, 2].map(() => worker(queue, turns, 'one'))
    assert.equal(await third, false)
    void worker(queue, turns, 'other')
    assert.equal(queue.waiting, 3)
    for (let at = 0; at < 3; at++) queue.leave()
    await settled()
    assert.deepEqual(turns.toSorted(), ['one', 'one', 'one', 'other'])
    queue.leave()
    assert.equal(queue.running, 0)
  })

  it('gives the place of one that left the queue to nobody', async () => {
    const queue = new FairQueue({ concurrency: 1, queueMax: 2 })
    const turns: string[] = []
    await worker(queue, turns, 'one')
    const leaver = new AbortController()
    const gone = assert.rejects(worker(queue, turns, 'two', leaver.signal), /gone/)
    leaver.abort(new Error('gone'))
    await gone
    assert.equal(queue.waiting, 0)
    queue.leave()
    assert.equal(queue.running, 0)
    assert.equal(await worker(queue, turns, 'three'), true)
  })
})
