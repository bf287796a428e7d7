import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

describe('more pictures than may wait to be made', () => {
  it('are refused with 503 and Retry-After, and a mark; the others are made', async () => {
    const bench = await resizerBench()
    closing.push(() => bench.stop())
    await bench.putAsset('flat', await plainPicture('#f00'))
    // One at a time, 100 waiting, and as many again.
    const asked = Array.from({ length: 200 }, (_, at) =>
      bench.ask(`/~/asset/demo/flat?w=${at + 1}&org_if_sml=1`),
    )
    const answers = await Promise.all(asked)
    const refused = answers.filter(({ status }) => status === 503)
    assert.equal(refused.length, 99)
    assert.ok(refused.every(({ headers }) => headers['retry-after'] === '1'))
    assert.ok(refused.every(({ headers }) => headers['cache-control'] === 'no-store'))
    assert.ok(refused.every(({ headers }) => headers['sluice-mark'] !== undefined))
    assert.equal(answers.filter(({ status }) => status === 200).length, 101)
  })
})
