import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { Fills, arrive } from './fills.ts'
import type { FillAnswer, FillOrder } from './fills.ts'
import { Freshness } from './freshness.ts'

const RED = keyHash('asset:demo/red')
const BLUE = keyHash('asset:demo/blue')

interface Answer extends FillAnswer {
  readonly name: string
}

/** A fill that the test answers. */
interface Begun {
  readonly order: FillOrder
  answer(name: string, mark: number, more?: Partial<Answer>): Promise<void>
  fail(error: Error): Promise<void>
}

function setUp({ lease = true } = {}) {
  const time = manualTime()
  const freshness = new Freshness(time.clock)
  freshness.startEmpty('log', 0)
  const fills = new Fills<Answer>(freshness, time.clock)
  const begun: Begun[] = []
  const start = (order: FillOrder): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    begun.push({
      order,
      async answer(name, mark, more = {}) {
        resolve({ name, mark, keys: [RED], shareable: true, ...more })
        await time.settle()
      },
      async fail(error) {
        reject(error)
        await time.settle()
      },
    })
    return promise
  }
  const grant = (): void =>
    freshness.grant({
      head: 0,
      leaseMs: 60_000,
      sentAt: time.clock.now(),
      sentWall: time.clock.wall(),
    })
  if (lease) grant()
  const ask = (minMark = 0, askerHoldsLease = false, key = '/red'): Promise<Answer> =>
    fills.obtain(key, arrive(freshness, minMark, askerHoldsLease), start)
  const purge = (...keys: KeyHash[]): void =>
    freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
  return { time, freshness, fills, begun, ask, purge, grant }
}

/** Freshness rule P9. */
describe('fills', () => {
  test('many who ask for one thing wait for one fill', async () => {
    const { begun, ask, fills } = setUp()
    const asked = [ask(), ask(), ask()]
    assert.equal(begun.length, 1)
    await begun[0]!.answer('red', 0)
    assert.deepEqual(new Set(await Promise.all(asked)).size, 1)
    assert.equal(fills.running, 0, 'the key is free')
  })

  test('whoever arrived under a log that was replaced asks for none of its numbers', async () => {
    const { begun, ask, purge, freshness } = setUp()
    for (let at = 0; at < 5; at++) purge(BLUE)
    const asked = ask(5)
    freshness.startEmpty('another log', 0)
    purge(RED)
    await begun[0]!.answer('of before', 0)
    assert.equal(begun[1]?.order.minMark, 1, 'a mark of 5 would claim purges that are yet to come')
    await begun[1].answer('of now', 1)
    assert.equal((await asked).name, 'of now')
  })

  test('a fill that was to begin next asks for none of them either', async () => {
    const { begun, ask, freshness } = setUp({ lease: false })
    void ask(5)
    const asked = ask(5)
    freshness.startEmpty('another log', 0)
    await begun[0]!.answer('of before', 5)
    const { order } = begun[1]!
    assert.deepEqual(order, { minMark: 0, waitersJudge: false, logId: 'another log' })
    await begun[1]!.answer('of now', 0)
    assert.equal((await asked).name, 'of now')
  })

  test('an answer that was under way when the log was replaced is taken by nobody who came while it was', async () => {
    const { begun, ask, purge, freshness } = setUp()
    const before = ask()
    purge(RED)
    const after = [ask(), ask(), ask()]
    freshness.startEmpty('another log', 0)
    await begun[0]!.answer('old', 0)
    assert.equal((await before).name, 'old', 'who asked before the purge may have it')
    assert.equal(begun.length, 2, 'its number says nothing of the purge that the others knew')
    await begun[1]!.answer('new', 0)
    await begun[2]!.answer('new', 0)
    for (const { name } of await Promise.all(after)) assert.equal(name, 'new')
    assert.equal(begun.length, 3, 'without a lease: one that runs, and one next for all others')
  })

  test('things of different keys are filled side by side', () => {
    const { begun, ask } = setUp()
    void ask(0, false, '/red')
    void ask(0, false, '/blue')
    assert.equal(begun.length, 2)
  })

  test('on a node with a lease a waiter joins a fill that began before a purge of other things', async () => {
    const { begun, ask, purge } = setUp()
    const first = ask()
    purge(BLUE)
    const second = ask()
    await begun[0]!.answer('red', 0)
    assert.equal((await second).name, 'red')
    assert.equal((await first).name, 'red')
    assert.equal(begun.length, 1, 'an unrelated purge costs nothing')
  })

  test('a waiter who came after the purge is refused the older answer, and asks for its need', async () => {
    const { begun, ask, purge } = setUp()
    const before = ask()
    purge(BLUE)
    purge(RED)
    const after = ask()
    await begun[0]!.answer('old', 0)
    assert.equal((await before).name, 'old', 'who asked before the purge may have it')
    assert.equal(begun.length, 2)
    assert.equal(begun[1]!.order.minMark, 2)
    await begun[1]!.answer('new', 2)
    assert.equal((await after).name, 'new')
  })

  test('a waiter who came after a soft purge is refused the older answer as well: only a cache may show it, with its terms', async () => {
    const { begun, ask, freshness } = setUp()
    const before = ask()
    freshness.apply({ seq: 1, project: 'demo', kind: 'soft', softMs: 10_000, keys: [RED] })
    const after = ask()
    await begun[0]!.answer('old', 0)
    assert.equal((await before).name, 'old', 'who asked before the purge may have it')
    assert.equal(begun.length, 2)
    await begun[1]!.answer('new', 1)
    assert.equal((await after).name, 'new')
  })

  test('many who are refused at once wait for one fill more, not one each', async () => {
    const { begun, ask, purge } = setUp()
    void ask()
    purge(RED)
    const after = [ask(), ask(), ask()]
    await begun[0]!.answer('old', 0)
    assert.equal(begun.length, 2)
    await begun[1]!.answer('new', 1)
    assert.deepEqual(
      (await Promise.all(after)).map(({ name }) => name),
      ['new', 'new', 'new'],
    )
    assert.equal(begun.length, 2)
  })

  test('a waiter whose need is higher than the answer is refused it too', async () => {
    const { begun, ask } = setUp()
    void ask()
    const needy = ask(5, true)
    await begun[0]!.answer('behind', 4)
    assert.equal(begun[1]!.order.minMark, 5)
    await begun[1]!.answer('enough', 5)
    assert.equal((await needy).name, 'enough')
  })

  test('each request needs at most two fills, whatever is purged meanwhile', async () => {
    const { begun, ask, purge } = setUp()
    const asked = ask()
    purge(RED)
    void ask()
    await begun[0]!.answer('one', 0)
    purge(RED)
    await begun[1]!.answer('two', 1)
    assert.equal((await asked).name, 'one')
    assert.equal(begun.length, 2)
  })

  test('without a lease a waiter joins only a fill that begins after it arrived', async () => {
    const { begun, ask } = setUp({ lease: false })
    const first = ask()
    const second = ask()
    const third = ask()
    assert.equal(begun.length, 1, 'one is running')
    await begun[0]!.answer('one', 9)
    assert.equal((await first).name, 'one')
    assert.equal(begun.length, 2, 'one is next, for both')
    await begun[1]!.answer('two', 9)
    assert.deepEqual([(await second).name, (await third).name], ['two', 'two'])
    assert.equal(begun.length, 2)
  })

  test('without a lease of its own, a node takes the word of an asker who holds one', async () => {
    const { begun, ask } = setUp({ lease: false })
    void ask()
    const inner = ask(0, true)
    await begun[0]!.answer('one', 0)
    assert.equal((await inner).name, 'one')
    assert.equal(begun.length, 1)
  })

  test('inner tiers may use their caches only if every waiter of the fill judges the answer', async () => {
    const { begun, ask, grant } = setUp({ lease: false })
    void ask(0, true)
    assert.equal(begun[0]!.order.waitersJudge, true)
    void ask()
    void ask(3)
    await begun[0]!.answer('one', 0)
    assert.deepEqual(begun[1]!.order, { minMark: 3, waitersJudge: false, logId: 'log' })
    grant()
    void ask(0, false, '/blue')
    assert.equal(begun[2]!.order.waitersJudge, true)
  })

  test('at most one fill of a key runs at a time, whoever is refused', async () => {
    const { begun, ask, purge } = setUp()
    const asked = [ask()]
    purge(RED)
    asked.push(ask(), ask(7, true))
    await begun[0]!.answer('old', 0)
    assert.equal(begun.length, 2)
    asked.push(ask(), ask())
    await begun[1]!.answer('new', 1)
    assert.deepEqual(
      begun.map(({ order }) => order.minMark),
      [0, 1, 7],
      'who needs more than the running fill was asked for waits for the next',
    )
    await begun[2]!.answer('newest', 7)
    await Promise.all(asked)
  })

  test('a refused waiter is not given what the second fill brought for its asker alone', async () => {
    const { begun, ask, purge } = setUp()
    void ask()
    purge(RED)
    const second = ask()
    const third = ask()
    await begun[0]!.answer('old', 0)
    await begun[1]!.answer('for one', 1, { shareable: false })
    assert.equal((await second).name, 'for one')
    assert.equal(begun.length, 3)
    await begun[2]!.answer('for the other', 1, { shareable: false })
    assert.equal((await third).name, 'for the other')
  })

  test('a fill that fails fails for those who wait, and the key is free', async () => {
    const { begun, ask, fills } = setUp({ lease: false })
    const first = assert.rejects(ask(), /gone/)
    const next = ask()
    await begun[0]!.fail(new RangeError('gone'))
    await first
    assert.equal(begun.length, 2, 'who came later asks again')
    await begun[1]!.answer('back', 0)
    assert.equal((await next).name, 'back')
    assert.equal(fills.running, 0)
  })

  test('an answer for one asker alone is given to nobody else, and the key is not collapsed for a while', async () => {
    const { time, begun, ask } = setUp()
    const first = ask()
    const second = ask()
    await begun[0]!.answer('mine', 0, { shareable: false })
    assert.equal((await first).name, 'mine')
    assert.equal(begun.length, 2)
    await begun[1]!.answer('yours', 0, { shareable: false })
    assert.equal((await second).name, 'yours')
    const together = [ask(), ask(), ask()]
    assert.equal(begun.length, 5, 'they do not queue behind each other')
    for (const fill of begun.slice(2)) await fill.answer('own', 0)
    await Promise.all(together)
    await time.advance(5_000)
    void ask()
    void ask()
    assert.equal(begun.length, 6, 'then they are collapsed again')
  })

  test('who asks alone is still not given an answer older than what it could have learned', async () => {
    const { begun, ask, purge } = setUp()
    void ask()
    await begun[0]!.answer('mine', 0, { shareable: false })
    purge(RED)
    const alone = ask()
    await begun[1]!.answer('old', 0, { shareable: false })
    assert.equal(begun[2]!.order.minMark, 1)
    await begun[2]!.answer('new', 1, { shareable: false })
    assert.equal((await alone).name, 'new')
  })

  test('a fill of another purge log is joined by nobody', async () => {
    const { begun, ask, freshness, grant } = setUp()
    const before = ask()
    freshness.startEmpty('another', 0)
    grant()
    const after = ask()
    assert.equal(begun.length, 2)
    await begun[1]!.answer('of the new log', 0)
    await begun[0]!.answer('of the old log', 0)
    assert.equal((await after).name, 'of the new log')
    assert.equal((await before).name, 'of the old log')
    void ask()
    assert.equal(begun.length, 3)
  })
})
