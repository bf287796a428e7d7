import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServedUrl } from '../contract/node-protocol.ts'
import { silentLog } from '../kernel/log.ts'
import { systemTimers } from '../kernel/timers.ts'
import { ServedUrls } from './served-urls.ts'

const URL_A: ServedUrl = {
  project: 'demo',
  subject: 'asset:demo/a',
  url: 'http://x/a',
  target: '/~/a',
}

/** What is reported of so many servings. */
async function reported(count: number, told: boolean): Promise<readonly ServedUrl[]> {
  const served = new ServedUrls()
  for (let at = 0; at < count; at++) served.note(URL_A, told)
  const first = Promise.withResolvers<readonly ServedUrl[]>()
  const timers = { ...systemTimers, sleep: () => systemTimers.sleep(1) }
  served.note({ ...URL_A, url: 'http://x/last' })
  served.start(timers, silentLog, async (urls) => first.resolve(urls))
  const urls = await first.promise
  await served.stop()
  return urls.filter(({ url }) => url === URL_A.url)
}

describe('what was served', () => {
  test('is told once, and again each time that it was served four times as often', async () => {
    const urls = await reported(17, false)
    assert.deepEqual(
      urls.map(({ times }) => times),
      [undefined, 3, 12],
    )
    assert.equal((await reported(100_000, false)).length, 9)
  })

  test('is not told for the first time where control knows it already', async () => {
    const urls = await reported(16, true)
    assert.deepEqual(
      urls.map(({ times }) => times),
      [3, 12],
    )
  })
})
