import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Host, Program } from './host.ts'
import { History, ABSENT } from './truth.ts'
import { World } from './world.ts'

function setUp(drift = 0) {
  const world = new World(1)
  const host = new Host(world, 'machine', drift)
  return { world, host, program: new Program(host, 'program') }
}

async function order(seed: number): Promise<string> {
  const world = new World(seed)
  let seen = ''
  for (const name of 'abcdefgh') world.after(1, () => void (seen += name))
  await world.run(2)
  return seen
}

describe('a world', () => {
  test('lets things happen in the order of their times, each after the promises of the one before', async () => {
    const world = new World(1)
    const seen: string[] = []
    world.after(2, () => void seen.push('late'))
    world.after(1, () => void Promise.resolve().then(() => seen.push('then')))
    world.after(1.5, () => void seen.push('between'))
    await world.run(10)
    assert.deepEqual(seen, ['then', 'between', 'late'])
    assert.equal(world.now, 10)
  })

  test('orders what happens at one moment by its seed', async () => {
    assert.equal(await order(1), await order(1))
    assert.notEqual(await order(1), await order(2))
  })
})

describe('a program', () => {
  test('that is stopped does nothing, and then what it missed, in order', async () => {
    const { world, program } = setUp()
    const seen: string[] = []
    const note = (name: string) => () => void seen.push(`${name} at ${world.now}`)
    program.later(1, note('first'))
    program.later(2, note('second'))
    program.stop()
    await world.run(5)
    assert.deepEqual(seen, [])
    program.resume()
    await world.run(6)
    assert.deepEqual(seen, ['first at 5', 'second at 5'])
  })

  test('that crashed never does anything again', async () => {
    const { world, program } = setUp()
    let done = false
    void program.timers.sleep(1).then(() => (done = true))
    program.crash()
    await world.run(5)
    assert.equal(done, false)
  })

  test('sleeps by its own clock, and wakes when its signal says', async () => {
    const { world, host, program } = setUp(0.5)
    const before = host.clock.now()
    const stop = new AbortController()
    const rejected = assert.rejects(program.timers.sleep(1_000, stop.signal), /enough/)
    let woke = 0
    void program.timers.sleep(300).then(() => (woke = world.now))
    world.after(250, () => stop.abort(new Error('enough')))
    await world.run(300)
    assert.equal(woke, 200)
    assert.equal(host.clock.now() - before, 450)
    await rejected
  })
})

test('a suspended machine’s monotonic clock stands still, and its time of day does not', async () => {
  const { world, host } = setUp()
  const now = host.clock.now()
  const wall = host.clock.wall()
  host.suspend()
  await world.run(100)
  host.wake()
  await world.run(130)
  assert.equal(host.clock.now() - now, 30)
  assert.equal(host.clock.wall() - wall, 130)
})

describe('the history of a thing', () => {
  test('says what a read can have brought by when it began', () => {
    const world = new World(1)
    const history = new History(world)
    history.written('v1')
    history.committed()
    const before = world.moment()
    history.written('v2')
    assert.equal(history.couldBring('v1', world.moment()), true, 'v2 is not committed yet')
    assert.equal(history.couldBring('v2', world.moment()), true, 'and may be seen')
    history.committed()
    const after = world.moment()
    assert.equal(history.couldBring('v1', after), false)
    assert.equal(history.couldBring('v1', before), true)
    assert.equal(history.couldBring('v2', after), true)
    assert.equal(history.couldBring(ABSENT, before), false)
  })

  test('lets what a crash left behind be read until it is put back', () => {
    const world = new World(1)
    const history = new History(world)
    history.written('v1')
    history.committed()
    history.written('v2, never committed')
    assert.equal(history.couldBring('v2, never committed', world.moment()), true)
    history.written('v1')
    history.committed()
    assert.equal(history.couldBring('v2, never committed', world.moment()), false)
    assert.equal(history.couldBring('v1', world.moment()), true)
  })
})
