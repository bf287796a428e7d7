import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as round } from 'node:timers/promises'
import { Turns } from './turns.ts'

describe('taking turns', () => {
  it('goes on in order of arrival, a few in each round of the event loop', async () => {
    const turns = new Turns({ perRound: 2, waitingMax: 100 })
    const went: number[] = []
    const all = Array.from({ length: 5 }, async (_, at) => {
      await turns.next()
      went.push(at)
    })
    assert.deepEqual(went, [], 'nobody goes on before what is ready now')
    const seen: number[] = []
    while (went.length < 5) {
      await round()
      seen.push(went.length)
    }
    await Promise.all(all)
    assert.deepEqual(went, [0, 1, 2, 3, 4])
    assert.ok(
      seen.every((count, at) => count - (seen[at - 1] ?? 0) <= 2),
      `never more than two in a round: ${seen.join(', ')}`,
    )
  })

  it('does not wait where too many wait already', async () => {
    const turns = new Turns({ perRound: 1, waitingMax: 3 })
    const waiting = [turns.next(), turns.next(), turns.next()]
    let went = false
    void turns.next().then(() => (went = true))
    await Promise.resolve()
    assert.equal(went, true)
    await Promise.all(waiting)
  })
})
