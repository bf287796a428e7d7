import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { afterEach, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { LOG_ID } from '../../test/support/edge-bench.ts'
import { colourOf, plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const [RED, BLUE] = await Promise.all([plainPicture('#f00'), plainPicture('#00f')])
const RED_COLOUR = '255,0,0'
const BLUE_COLOUR = '0,0,255'
const TARGET = '/~/image/demo/flag?fmt=png&wid=32'

async function setUp() {
  const bench = await resizerBench()
  closing.push(() => bench.stop())
  await bench.putAsset('flag', RED)
  return bench
}

describe('the log', () => {
  test('has one short line for a damaged picture: what, why, and no stack', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
    const bench = await resizerBench([], log)
    closing.push(() => bench.stop())
    await bench.putAsset('torn', RED.subarray(0, -24))
    assert.equal((await bench.ask('/~/image/demo/torn?wid=32')).status, 422)
    assert.equal(lines.length, 1)
    const line = JSON.parse(lines[0]!)
    assert.equal(line.target, '/~/image/demo/torn?wid=32')
    assert.equal(line.reason, 'The original is damaged or incomplete')
    assert.ok(line.cause.length > 0)
    assert.doesNotMatch(lines[0]!, /stack|\.ts/)
  })
})

describe('a rendition', () => {
  test('is rendered once and then comes from the cache, with marks, keys and a strong ETag', async () => {
    const bench = await setUp()
    const first = await bench.ask(TARGET)
    assert.equal(first.status, 200)
    assert.equal(await colourOf(first.bytes), RED_COLOUR)
    assert.match(first.headers['etag'] ?? '', /^"[0-9a-f]{32}"$/)
    assert.equal(first.headers['sluice-log'], LOG_ID)
    assert.equal(first.headers['sluice-mark'], '0')
    const keys = (first.headers['sluice-keys'] ?? '').split(',')
    for (const key of [keyText.project('demo'), keyText.asset('demo', 'flag')])
      assert.equal(keys.includes(keyHash(key)), true, key)
    const second = await bench.ask(TARGET)
    assert.deepEqual(second.bytes, first.bytes)
    assert.equal(bench.seen.renders, 1)
  })

  test('is the same bytes for the same input, recipe and renderer', async () => {
    const [one, other] = await Promise.all([setUp(), setUp()])
    const [first, second] = await Promise.all([one.ask(TARGET), other.ask(TARGET)])
    assert.deepEqual(first.bytes, second.bytes)
    assert.equal(first.headers['etag'], second.headers['etag'])
  })

  test('has the browser’s and the caches’ lifetimes; a year only with the current version and no preset', async () => {
    const bench = await setUp()
    const record = await bench.records.asset('demo', 'flag')
    const plain = await bench.get('/is/image/demo/flag?wid=32')
    assert.equal(plain.headers['cache-control'], 'public, max-age=60')
    assert.equal(plain.headers['cdn-cache-control'], 'max-age=36000')
    const named = await bench.get(`/is/image/demo/flag?wid=32&id=${record!.hash.slice(0, 12)}`)
    assert.match(named.headers['cache-control'] ?? '', /max-age=31536000, immutable/)
    const wrong = await bench.get('/is/image/demo/flag?wid=32&id=abcdefabcdef')
    assert.equal(wrong.headers['cache-control'], 'public, max-age=60')
    await bench.records.write(recordName.presets('demo'), { presets: { small: 'wid=20' } })
    const preset = await bench.get(`/is/image/demo/flag?$small$&id=${record!.hash.slice(0, 12)}`)
    assert.equal(preset.status, 200)
    assert.equal(preset.headers['cache-control'], 'public, max-age=60')
  })

  test('is 304 for who has it, and HEAD tells its length', async () => {
    const bench = await setUp()
    const first = await bench.ask(TARGET)
    const etag = first.headers['etag']!
    const same = await bench.ask(TARGET, 0, { 'if-none-match': `"x", ${etag}` })
    assert.deepEqual([same.status, same.bytes.byteLength], [304, 0])
    assert.equal(same.headers['sluice-mark'], '0')
    for (let at = 0; at < 2; at++) {
      const head = await bench.get(TARGET, { method: 'HEAD' })
      assert.equal(head.headers['content-length'], String(first.bytes.byteLength))
    }
    assert.equal((await bench.get(TARGET, { method: 'POST' })).status, 405)
  })

  test('that was begun under a purge log that is replaced meanwhile is of no log', async () => {
    const bench = await setUp()
    const answer = bench.ask(TARGET, 7)
    bench.freshness.startEmpty('another log', 1)
    const { headers } = await answer
    assert.equal(headers['sluice-log'], '', 'its asker must refuse it')
    assert.equal(headers['sluice-mark'], '1', '7 was a number of the log before')
    assert.equal((await bench.ask(TARGET)).headers['sluice-log'], 'another log')
  })

  test('that begins again under a log that took the place of its own claims none of its numbers', async () => {
    const bench = await setUp()
    await bench.putFile('shop/door', RED)
    for (let at = 0; at < 7; at++) bench.purge(keyText.asset('demo', 'other'))
    bench.onRender = async () => {
      bench.onRender = async () => undefined
      await bench.putFile('shop/door', BLUE)
      bench.freshness.startEmpty('another log', 1)
      bench.freshness.heard(9)
    }
    const target = '/~/image/demo/shop/door?fmt=png'
    assert.equal(await colourOf((await bench.ask(target, 7)).bytes), BLUE_COLOUR)
    assert.equal(bench.seen.renders, 2, 'the original changed under the first')
    await bench.putFile('shop/door', RED)
    const record = keyText.record(recordName.asset('demo', 'shop/door'))
    assert.equal(bench.purge(keyText.asset('demo', 'shop/door'), record), 2)
    const colour = await colourOf((await bench.ask(target)).bytes)
    assert.equal(colour, RED_COLOUR, 'a mark of 7 would have said that the purge of 2 is reflected')
  })

  test('is new after a replace and its purge, and old until then', async () => {
    const bench = await setUp()
    await bench.ask(TARGET)
    await bench.putAsset('flag', BLUE, { version: 2 })
    assert.equal(await colourOf((await bench.ask(TARGET)).bytes), RED_COLOUR)
    bench.purge(keyText.asset('demo', 'flag'), keyText.record(recordName.asset('demo', 'flag')))
    const fresh = await bench.ask(TARGET)
    assert.equal(await colourOf(fresh.bytes), BLUE_COLOUR)
    assert.equal(fresh.headers['sluice-mark'], '1')
  })

  test('is new at once under an id= that names the new version, once the record is known to have changed', async () => {
    const bench = await setUp()
    await bench.ask(TARGET)
    const { hash } = await bench.putAsset('flag', BLUE, { version: 2 })
    bench.purge(keyText.record(recordName.asset('demo', 'flag')))
    assert.equal(await colourOf((await bench.ask(TARGET)).bytes), RED_COLOUR)
    const named = await bench.ask(`${TARGET}&id=${hash.slice(0, 12)}`)
    assert.equal(await colourOf(named.bytes), BLUE_COLOUR)
  })

  test('is not rendered again for each id= that names no version', async () => {
    const bench = await setUp()
    await bench.ask(TARGET)
    for (let at = 0; at < 5; at++) await bench.ask(`${TARGET}&id=${at}00000`)
    assert.equal(bench.seen.renders, 1)
  })

  test('is made of inputs read anew when the asker knows of a purge that is still on its way here', async () => {
    const bench = await setUp()
    await bench.ask(TARGET)
    await bench.putAsset('flag', BLUE, { version: 2 })
    const answer = await bench.ask(TARGET, 7)
    assert.equal(await colourOf(answer.bytes), BLUE_COLOUR)
    assert.equal(answer.headers['sluice-mark'], '7')
  })

  test('that many ask for at once is rendered once', async () => {
    const bench = await setUp()
    const answers = await Promise.all(Array.from({ length: 12 }, () => bench.ask(TARGET)))
    assert.equal(new Set(answers.map(({ bytes }) => bytes.toString('base64'))).size, 1)
    assert.equal(bench.seen.renders, 1)
  })
})

describe('without a lease, and asked by nobody who holds one', () => {
  test('records are read again and nothing is rendered again (P6)', async () => {
    const bench = await setUp()
    const first = await bench.get(TARGET)
    bench.clock.advance(60_001)
    const before = bench.seen.recordReads
    const again = await bench.get(TARGET)
    assert.deepEqual(again.bytes, first.bytes)
    assert.equal(bench.seen.recordReads >= before + 2, true)
    assert.equal(bench.seen.renders, 1)
  })

  test('a change is seen although nobody told of a purge', async () => {
    const bench = await setUp()
    await bench.get(TARGET)
    await bench.putAsset('flag', BLUE, { version: 2 })
    bench.clock.advance(60_001)
    assert.equal(await colourOf((await bench.get(TARGET)).bytes), BLUE_COLOUR)
    bench.lease()
    assert.equal(await colourOf((await bench.get(TARGET)).bytes), BLUE_COLOUR)
  })

  test('bytes lost from the disk are made anew', async () => {
    const bench = await setUp()
    const first = await bench.get(TARGET)
    for (const name of await bench.disk.list()) await bench.disk.remove(name)
    bench.clock.advance(60_001)
    for (let at = 0; at < 2; at++) {
      const again = await bench.get(TARGET)
      assert.deepEqual([again.status, again.bytes], [200, first.bytes])
    }
  })
})

describe('a cache disk', () => {
  test('that refuses writes does not keep anything from being served', async () => {
    const bench = await setUp()
    bench.disk.full = true
    for (let at = 0; at < 2; at++) assert.equal((await bench.ask(TARGET)).status, 200)
    assert.equal(bench.seen.renders, 2)
    bench.disk.full = false
    await bench.ask(TARGET)
    await bench.ask(TARGET)
    assert.equal(bench.seen.renders, 3)
  })

  test('that lost a body costs a render, not an error', async () => {
    const bench = await setUp()
    const first = await bench.ask(TARGET)
    for (const name of await bench.disk.list()) await bench.disk.remove(name)
    const again = await bench.ask(TARGET)
    assert.deepEqual([again.status, again.bytes], [200, first.bytes])
    assert.equal(bench.seen.renders, 2)
  })
})

describe('a watched file', () => {
  test('is delivered by its record while it is unchanged', async () => {
    const bench = await setUp()
    await bench.putFile('shop/door', RED)
    const answer = await bench.ask('/~/image/demo/shop/door?fmt=png')
    assert.equal(answer.headers['cdn-cache-control'], 'max-age=36000')
    await bench.ask('/~/image/demo/shop/door?fmt=png')
    assert.deepEqual([bench.seen.renders, bench.seen.mismatches], [1, []])
  })

  test('that changed is sent as it is, for this once, and reported (P12)', async () => {
    const bench = await setUp()
    const path = await bench.putFile('shop/door', RED)
    await writeFile(path, BLUE)
    const answer = await bench.ask('/~/image/demo/shop/door?fmt=png')
    assert.equal(await colourOf(answer.bytes), BLUE_COLOUR)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['cdn-cache-control'], undefined)
    assert.deepEqual(bench.seen.mismatches, ['demo/shop/door'])
    await bench.ask('/~/image/demo/shop/door?fmt=png')
    assert.equal(bench.seen.renders, 2, 'it was kept by nobody')
  })

  test('that changed is not answered with what was made of it before', async () => {
    const bench = await setUp()
    const path = await bench.putFile('shop/door', RED)
    const target = '/~/image/demo/shop/door?fmt=png'
    assert.equal(await colourOf((await bench.get(target)).bytes), RED_COLOUR)
    await writeFile(path, BLUE)
    assert.equal(await colourOf((await bench.get(target)).bytes), RED_COLOUR, 'not known here yet')
    bench.clock.advance(60_001)
    assert.equal(await colourOf((await bench.get(target)).bytes), BLUE_COLOUR, 'without a lease')
    assert.deepEqual(bench.seen.mismatches, ['demo/shop/door'])
  })

  test('that was touched but is the same bytes is kept as ever', async () => {
    const bench = await setUp()
    const path = await bench.putFile('shop/door', RED)
    await writeFile(path, RED)
    const answer = await bench.ask('/~/image/demo/shop/door?fmt=png')
    assert.equal(answer.headers['cdn-cache-control'], 'max-age=36000')
    assert.deepEqual(bench.seen.mismatches, [])
  })
})

describe('refusals', () => {
  test('name the parameter, carry marks, and are kept by nobody', async () => {
    const bench = await setUp()
    const cases = [
      ['/~/image/demo/flag?wid=-1', /wid/],
      ['/~/image/demo/flag?wid=3001', /wid/],
      ['/~/image/demo/flag?crop=1,2,3', /crop/],
      ['/is/image/demo/flag?$nothing$', /nothing/],
      ['/is/image/demo/flag:nothing', /nothing/],
    ] as const
    for (const [target, parameter] of cases) {
      const answer = await bench.ask(target)
      assert.equal(answer.status >= 400 && answer.status < 500, true, target)
      assert.match(answer.text, parameter, target)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.notEqual(answer.headers['sluice-mark'], undefined, target)
    }
    assert.equal(bench.seen.renders, 0)
  })

  test('of what is unpublished, unknown or no image are 404 with the mark that proves it', async () => {
    const bench = await setUp()
    await bench.ask(TARGET)
    await bench.putAsset('flag', RED, { published: false })
    await bench.putAsset('manual.pdf', Buffer.from('%PDF-1.4'), {
      kind: 'document',
      mediaType: 'application/pdf',
    })
    const seq = bench.purge(
      keyText.asset('demo', 'flag'),
      keyText.record(recordName.asset('demo', 'flag')),
    )
    const gone = await bench.ask(TARGET)
    assert.deepEqual([gone.status, gone.headers['sluice-mark']], [404, String(seq)])
    assert.match(gone.text, /flag/)
    assert.equal((await bench.ask('/~/image/demo/nobody')).status, 404)
    const document = await bench.ask('/is/image/demo/manual.pdf')
    assert.equal(document.status, 404)
    assert.match(document.text, /is\/content/)
    assert.equal((await bench.ask('/~/image/nowhere/flag')).status, 404)
  })

  test('of a damaged original are not for who asks when it was replaced, however long they take', async () => {
    const bench = await setUp()
    await bench.putAsset('torn', RED.subarray(0, -24))
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    bench.onRender = async () => {
      bench.onRender = async () => undefined
      begun.resolve()
      await go.promise
    }
    const target = '/~/image/demo/torn?fmt=png'
    const before = bench.ask(target)
    await begun.promise
    await bench.putAsset('torn', BLUE)
    bench.purge(keyText.asset('demo', 'torn'), keyText.record(recordName.asset('demo', 'torn')))
    const after = bench.ask(target)
    await setImmediate()
    go.resolve()
    const refusal = await before
    assert.deepEqual([refusal.status, refusal.headers['sluice-mark']], [422, '0'])
    assert.equal((await after).status, 200, (await after).text)
  })

  test('have the keys of all that led to them: of presets inside presets, too', async () => {
    const bench = await setUp()
    await bench.records.write(recordName.presets('demo'), { presets: { outer: '$inner$&wid=20' } })
    const { status, headers } = await bench.ask('/is/image/demo/flag?$outer$')
    assert.equal(status, 404)
    const keys = (headers['sluice-keys'] ?? '').split(',')
    assert.ok(keys.includes(keyHash(keyText.preset('demo', 'inner'))))
  })

  test('of an original that is no picture are 4xx, not our failure', async () => {
    const bench = await setUp()
    const record = { ...(await bench.records.asset('demo', 'flag'))!, id: 'broken' }
    const torn = RED.subarray(0, 60)
    const { hash } = await bench.putAsset('torn', torn, { kind: 'other' })
    await bench.records.write(recordName.asset('demo', 'broken'), { ...record, hash })
    const answer = await bench.ask('/~/image/demo/broken')
    assert.equal(answer.status >= 400 && answer.status < 500, true, String(answer.status))
  })
})

describe('the names', () => {
  test('are given to nodes with their key and an ETag, and 304 to who has them', async () => {
    const bench = await setUp()
    const names = await bench.ask('/~/names')
    assert.equal(JSON.parse(names.text).projects[0].project, 'demo')
    assert.equal(names.headers['sluice-keys'], keyHash(keyText.record(recordName.names())))
    const again = await bench.ask('/~/names', 0, { 'if-none-match': names.headers['etag']! })
    assert.equal(again.status, 304)
  })
})
