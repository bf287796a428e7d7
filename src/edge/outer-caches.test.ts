import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { keyHash } from '../contract/keys.ts'
import type { ServedUrl } from '../contract/node-protocol.ts'
import { systemClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { systemTimers } from '../kernel/timers.ts'
import { KeptUrls } from './kept-urls.ts'
import type { KeptUrlsParts } from './kept-urls.ts'
import { OpenRequests } from './open-requests.ts'
import { forOuterCaches } from './outer-caches.ts'

const ANSWER = {
  status: 200,
  headers: { 'cache-control': 'public, max-age=60, s-maxage=9', 'cdn-cache-control': 'max-age=9' },
  body: null,
}
const KEYS = [keyHash('a'), keyHash('b')]
const yes = async (): Promise<boolean> => true
const never = async () => assert.fail('recorded')
const no = async (): Promise<boolean> => false

describe('an answer that caches behind us may see', () => {
  const byUrl = { recordUrls: true, tagHeaders: [] }

  test('is as it was when its spelling is recorded', async () => {
    assert.deepEqual(await forOuterCaches(byUrl, ANSWER, KEYS, yes), ANSWER)
  })

  test('is for its visitor alone when it is not', async () => {
    const { headers } = await forOuterCaches(byUrl, ANSWER, KEYS, no)
    assert.deepEqual(headers, {
      'cache-control': 'private, max-age=60',
      'cdn-cache-control': 'no-store',
      'surrogate-control': 'no-store',
    })
  })

  test('is not recorded when it is an error: those have no end', async () => {
    const missing = { ...ANSWER, status: 404 }
    const { headers } = await forOuterCaches(byUrl, missing, KEYS, never)
    assert.equal(headers['cdn-cache-control'], 'no-store')
  })

  test('bears its tags, in the form that each header has', async () => {
    const byTag = { recordUrls: false, tagHeaders: ['cache-tag', 'xkey'] }
    const { headers } = await forOuterCaches(byTag, ANSWER, KEYS, no)
    assert.equal(headers['cache-tag'], KEYS.join(','))
    assert.equal(headers['xkey'], KEYS.join(' '))
    assert.equal(headers['cache-control'], ANSWER.headers['cache-control'])
  })
})

function served(url: string): ServedUrl {
  return { project: 'demo', subject: 'asset:demo/a', url, target: '/~/x' }
}

function keptUrls(
  keep: KeptUrlsParts['keep'],
  clock = systemClock,
  logId: () => string = () => 'log',
): KeptUrls {
  return new KeptUrls({ clock, timers: systemTimers, log: silentLog, logId, keep })
}

describe('spellings recorded before their answers leave', () => {
  test('are asked about once, many in one call, and what is beyond the bound again', async () => {
    const calls: string[][] = []
    const kept = keptUrls(async (urls) => {
      calls.push(urls.map(({ url }) => url))
      return ['http://x/beyond']
    })
    const ask = (url: string) => kept.keep(served(url))
    const [first, ...others] = await Promise.all(
      ['a', 'a', 'b', 'c'].map((at) => ask(`http://x/${at}`)),
    )
    assert.deepEqual([first, others], [true, [true, true, true]])
    assert.deepEqual(calls, [['http://x/a'], ['http://x/b', 'http://x/c']])
    assert.equal(await ask('http://x/a'), true)
    assert.equal(await ask('http://x/beyond'), false)
    assert.equal(await ask('http://x/beyond'), false)
    assert.equal(calls.length, 4)
  })

  test('are said again after a day', async () => {
    let now = 0
    let calls = 0
    const keep = async (): Promise<readonly string[]> => {
      calls += 1
      return []
    }
    const kept = keptUrls(keep, { now: () => now, wall: () => now })
    await kept.keep(served('http://x/a'))
    now += 25 * 3600 * 1000
    await kept.keep(served('http://x/a'))
    assert.equal(calls, 2)
  })

  test('are said again under a log that took the place of the one before: its store may have none of them', async () => {
    let logId = 'log'
    let calls = 0
    const answers: (() => void)[] = []
    const keep = async (): Promise<readonly string[]> => {
      calls += 1
      await new Promise<void>((resolve) => answers.push(resolve))
      return []
    }
    const kept = keptUrls(keep, systemClock, () => logId)
    const ask = async (meanwhile: () => void = () => undefined): Promise<boolean> => {
      const asked = kept.keep(served('http://x/a'))
      meanwhile()
      answers.shift()?.()
      return asked
    }
    assert.equal(await ask(), true)
    assert.equal(await ask(), true)
    assert.equal(calls, 1)
    logId = 'another log'
    assert.equal(await ask(), true)
    assert.equal(calls, 2)
    logId = 'a third one'
    await ask(() => (logId = 'a fourth one'))
    await ask()
    assert.equal(calls, 4, 'what was said to the third is not known to the fourth')
  })

  test('while control is away nobody keeps them, and nobody waits twice', async () => {
    let now = 0
    let calls = 0
    const keep = async (): Promise<readonly string[]> => {
      calls += 1
      throw new RangeError('away')
    }
    const kept = keptUrls(keep, { now: () => now, wall: () => now })
    assert.equal(await kept.keep(served('http://x/a')), false)
    assert.equal(await kept.keep(served('http://x/b')), false)
    assert.equal(calls, 1)
    now += 2_000
    assert.equal(await kept.keep(served('http://x/b')), false)
    assert.equal(calls, 2)
  })

  test('control that never answers costs a visitor a second', async () => {
    const kept = keptUrls(
      (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new RangeError('late'))),
        ),
    )
    const began = systemClock.now()
    assert.equal(await kept.keep(served('http://x/a')), false)
    assert.ok(systemClock.now() - began < 5_000)
  })
})

/** A server whose answers are given by hand. */
async function withServer(
  run: (open: OpenRequests, base: string, finish: () => void) => Promise<void>,
): Promise<void> {
  const open = new OpenRequests()
  const waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    open.track(request, response, '192.0.2.9')
    response.write('begun')
    waiting.push(() => response.end('ended'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await run(open, `http://127.0.0.1:${port}`, () => waiting.splice(0).forEach((end) => end()))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('requests of an outer cache', () => {
  test('are waited for until they are answered in full; those of visitors are not', () =>
    withServer(async (open, base, finish) => {
      const answer = await fetch(base, { headers: { 'x-varnish': '7' } })
      const byHeader = { addresses: [], header: { name: 'X-Varnish', value: null } }
      let ended = false
      const drained = open.drain(byHeader, systemTimers).then((result) => {
        ended = true
        return result
      })
      const others = { addresses: ['10.0.0.0/8'], header: { name: 'x-varnish', value: '8' } }
      assert.deepEqual(await open.drain(others, systemTimers), { waited: 0, cut: 0 })
      assert.equal(ended, false)
      finish()
      assert.equal(await answer.text(), 'begunended')
      assert.deepEqual(await drained, { waited: 1, cut: 0 })
      assert.deepEqual(await open.drain(byHeader, systemTimers), { waited: 0, cut: 0 })
    }))

  for (const addresses of [['127.0.0.1'], ['192.0.2.0/24']]) {
    test(`are told by their address ${addresses[0]}, and cut at the deadline`, () =>
      withServer(async (open, base) => {
        const answer = await fetch(base)
        const drained = await open.drain({ addresses, header: null }, systemTimers, 20)
        assert.deepEqual(drained, { waited: 1, cut: 1 })
        await assert.rejects(answer.text())
      }))
  }
})
