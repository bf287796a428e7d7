import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { KEY_BYTES, keyHash, unpackKeys } from '../contract/keys.ts'
import { coverage, sourceKeyText } from '../contract/url-keys.ts'
import { writeSha256 } from '../kernel/hash.ts'
import { unpackUrls } from '../store/url-pieces.ts'
import { PieceMaker } from './bulk-lines.ts'
import { readBulk } from './bulk-reader.ts'
import { InvalidationError } from './errors.ts'
import type { BulkRequest } from './requests.ts'
import { checkUrl, deliveryNames } from './url-check.ts'
import { PROJECT, createTestNodes, withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'

const NAMES = deliveryNames(PROJECT, ['http://127.0.0.1:8081'])
const EDGE = 'http://127.0.0.1:8081/is/image/demo'

const urlsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${EDGE}/shoes/red-${at >> 1}?wid=${100 + (at & 1)}`)

async function* streamOf(text: string | Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const request = (body: BulkRequest['body'], part: Partial<BulkRequest> = {}): BulkRequest => ({
  body,
  source: 'api',
  createdBy: 'key test',
  ...part,
})

const submit = async (bench: Workbench, text: string | Uint8Array, part = {}) =>
  (await bench.invalidations.submitBulk(PROJECT.id, request(streamOf(text), part))).invalidation

function read(text: string | Uint8Array, size: number, sources: readonly string[] = []) {
  const maker = new PieceMaker(NAMES, sources)
  const bytes = Buffer.from(text as string)
  const pieces = []
  for (let at = 0; at < bytes.length; at += size)
    pieces.push(...maker.push(bytes.subarray(at, at + size)))
  const { pieces: last, summary } = maker.end()
  return { pieces: [...pieces, ...last], summary }
}

async function refusal(work: Promise<unknown>): Promise<InvalidationError> {
  return work.then(
    () => assert.fail('it was accepted'),
    (error: unknown) => {
      assert.ok(error instanceof InvalidationError, String(error))
      return error
    },
  )
}

describe('reading a long list', () => {
  test('lines are URLs as they are or as JSON strings; blank lines and line ends of any kind do not matter', () => {
    const [one, two, three] = urlsOf(3) as [string, string, string]
    const text = `\r\n${one}\r\n\n  ${JSON.stringify(two)}  \n${three}`
    const { pieces, summary } = read(text, 7)
    assert.deepEqual(unpackUrls(pieces[0]!.urls), [one, two, three])
    assert.deepEqual([summary.urls, summary.wrong, summary.pieces], [3, 0, 1])
    assert.deepEqual(summary.first, [one, two, three])
  })

  test('what the project adds to its pictures is in the keys, whatever the list says', () => {
    const source = 'src:demo/brand/mark'
    const { pieces } = read(urlsOf(3).join('\n'), 1 << 20, [source])
    assert.ok(pieces.flatMap(({ keys }) => unpackKeys(keys)).includes(keyHash(source)))
  })

  test('wherever the stream is cut, the pieces are the same: all URLs in order, the keys of a short list', () => {
    const urls = urlsOf(9_000)
    const whole = read(urls.join('\n'), 1 << 20)
    for (const size of [997, 65_536]) {
      const cut = read(urls.join('\n'), size)
      assert.deepEqual(cut.pieces, whole.pieces)
      assert.deepEqual(cut.summary, whole.summary)
    }
    assert.deepEqual(
      whole.pieces.flatMap(({ urls: packed }) => unpackUrls(packed)),
      urls,
    )
    assert.ok(whole.pieces.length > 2)
    assert.ok(whole.pieces.every(({ keys }) => keys.length <= 4096 * 16))
    let first = 0
    for (const [at, piece] of whole.pieces.entries()) {
      assert.deepEqual([piece.piece, piece.first], [at, first])
      first += piece.count
    }
    const expected = new Set(
      urls.flatMap((url) => {
        const checked = checkUrl(url, NAMES)
        assert.ok(checked.ok)
        return [coverage(checked.url).key, sourceKeyText(checked.url)].map(keyHash)
      }),
    )
    assert.deepEqual(new Set(whole.pieces.flatMap(({ keys }) => unpackKeys(keys))), expected)
  })

  test('what is wrong is named by line, the rest is counted, and nothing is handed out', () => {
    const bad = ['ftp://x/y', '"unclosed', '{"url":1}', `${EDGE}/a#b`, `"${'a'.repeat(70_000)}"`]
    const { pieces, summary } = read([urlsOf(1)[0], ...bad, ...urlsOf(3)].join('\n'), 5000)
    assert.deepEqual(pieces, [])
    assert.deepEqual(
      summary.errors.map(({ line }) => line),
      [2, 3, 4, 5, 6],
    )
    assert.equal(summary.wrong, 5)
    const many = read(Array.from({ length: 300 }, () => 'no').join('\n'), 1000).summary
    assert.deepEqual([many.wrong, many.errors.length], [300, 100])
  })

  test('bytes that are no UTF-8 are wrong, not repaired', () => {
    const text = Buffer.concat([Buffer.from(`${EDGE}/a\n`), Buffer.from([0xff, 0xfe, 0x0a])])
    const { summary } = read(text, 1 << 20)
    assert.equal(summary.wrong, 1)
    assert.match(summary.errors[0]!.reason, /UTF-8/)
  })

  test('a key has one definition, however it is computed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = Buffer.alloc(KEY_BYTES + 2)
        writeSha256(text, bytes, 1, KEY_BYTES)
        assert.deepEqual(unpackKeys(bytes.subarray(1, -1)), [keyHash(text)])
        assert.deepEqual([bytes[0], bytes.at(-1)], [0, 0])
      }),
    )
  })

  test('a thread reads it as well, and ends with its reader', async () => {
    const text = urlsOf(20_000).join('\n')
    const pieces = readBulk(streamOf(text, 50_000), { names: NAMES, sources: [] })
    const seen = []
    for (;;) {
      const next = await pieces.next()
      if (next.done) {
        assert.deepEqual(next.value, read(text, 1 << 20).summary)
        break
      }
      seen.push(next.value)
    }
    assert.equal(seen.length, read(text, 1 << 20).pieces.length)
    const left = readBulk(streamOf(text), { names: NAMES, sources: [] })
    await left.next()
    await left.return(undefined as never)
  })
})

/** Different windows of all that is in the log. */
async function windowsOf(bench: Workbench): Promise<readonly (number | undefined)[]> {
  const entries = await bench.store.tables.log.after(0, 1000)
  return [...new Set(entries.map(({ softMs }) => softMs))]
}

/** Stops whoever enters it into the log in the middle; how many pieces it has. */
async function entered(bench: Workbench, id: string): Promise<number> {
  const rowNow = () => bench.store.tables.invalidations.get(PROJECT.id, id)
  while ((await rowNow())!.bulk!.entered <= 2) await bench.parts.timers.sleep(1)
  await bench.invalidations.stop()
  const row = await rowNow()
  assert.deepEqual([row!.seq, row!.runner], [null, null])
  return row!.bulk!.pieces
}

async function ended(bench: Workbench, other: Workbench['invalidations'], id: string) {
  for (;;) {
    const now = await other.get(PROJECT.id, id)
    if (now.status === 'Done') return now
    await bench.parts.timers.sleep(5)
  }
}

async function* breaking() {
  yield Buffer.from(urlsOf(9_000).join('\n'))
  throw new RangeError('cut')
}

describe('submitting a long list', () => {
  test(
    'all of it enters the purge log, the URLs are listed by page, and it is Done',
    withBench(async (bench) => {
      const urls = urlsOf(30_000)
      const accepted = await submit(bench, urls.join('\n'), { note: 'spring' })
      assert.deepEqual(
        [accepted.status, accepted.urlCount, accepted.seq],
        ['Received', 30_000, null],
      )
      const done = await bench.finished(accepted.id)
      assert.equal(done.status, 'Done')
      const entries = await bench.store.tables.log.after(0, 1000)
      assert.equal(done.seq, entries.at(-1)!.seq)
      const keys = new Set(entries.flatMap(({ packed }) => unpackKeys(packed!)))
      assert.ok(keys.has(keyHash('src:demo/shoes/red-14999')))
      assert.equal(keys.size, 30_000 + 15_000)
      const page = await bench.invalidations.urls(PROJECT.id, accepted.id, { limit: 500 })
      assert.deepEqual(page.items, urls.slice(0, 500))
      const rest = { limit: 500, cursor: page.nextCursor! }
      const next = await bench.invalidations.urls(PROJECT.id, accepted.id, rest)
      assert.deepEqual(next.items, urls.slice(500, 1000))
      const found = await bench.invalidations.list(PROJECT.id, { q: 'red-499?' }, { limit: 5 })
      assert.deepEqual(
        found.items.map(({ id }) => id),
        [accepted.id],
      )
    }),
  )

  test(
    'one wrong line refuses all of it: nothing is logged, listed or kept',
    withBench(async (bench) => {
      const lines = [...urlsOf(12_000), 'https://somebody.else/x', ...urlsOf(10)]
      const error = await refusal(submit(bench, lines.join('\n')))
      assert.deepEqual([error.code, error.status], ['bad-urls', 422])
      assert.equal(error.errors[0]?.line, 12_001)
      assert.equal(await bench.store.tables.log.head(), 0)
      const listed = await bench.invalidations.list(PROJECT.id, {}, { limit: 5 })
      assert.deepEqual(listed.items, [])
      assert.deepEqual(await bench.store.tables.bulk.abandoned(Number.MAX_SAFE_INTEGER, 5), [])
    }),
  )

  test(
    'an empty one has no URL, and a stream that breaks leaves nothing behind',
    withBench(async (bench) => {
      assert.equal((await refusal(submit(bench, '\n\n'))).code, 'no-urls')
      const cut = bench.invalidations.submitBulk(PROJECT.id, request(breaking()))
      await assert.rejects(cut, RangeError)
      assert.deepEqual(await bench.store.tables.bulk.abandoned(Number.MAX_SAFE_INTEGER, 5), [])
    }),
  )

  test(
    'the same idempotency key and bytes answer with the same invalidation, other bytes are a conflict',
    withBench(async (bench) => {
      const part = { idempotencyKey: 'k' }
      const first = await submit(bench, urlsOf(3).join('\n'), part)
      const again = await submit(bench, urlsOf(3).join('\n'), part)
      assert.equal(again.id, first.id)
      const other = await refusal(submit(bench, urlsOf(4).join('\n'), part))
      assert.equal(other.code, 'idempotency-conflict')
      assert.deepEqual(await bench.store.tables.bulk.abandoned(Number.MAX_SAFE_INTEGER, 5), [])
    }),
  )

  test(
    'one list of a project is received at a time',
    withBench(async (bench) => {
      const gate = Promise.withResolvers<void>()
      async function* slow() {
        await gate.promise
        yield Buffer.from(urlsOf(1)[0]!)
      }
      const running = bench.invalidations.submitBulk(PROJECT.id, request(slow()))
      const error = await refusal(submit(bench, urlsOf(1)[0]!))
      assert.deepEqual([error.code, error.status], ['too-many-lists', 503])
      gate.resolve()
      await running
      await submit(bench, urlsOf(1)[0]!)
    }),
  )

  test(
    'a scheduled one waits with its pieces, and a cancelled one purges nothing',
    withBench(async (bench) => {
      const scheduleAt = new Date(bench.parts.clock.wall() + 3_600_000).toISOString()
      const later = await submit(bench, urlsOf(5).join('\n'), { scheduleAt })
      assert.equal(later.status, 'Scheduled')
      await bench.invalidations.cancel(PROJECT.id, later.id)
      assert.equal(await bench.store.tables.log.head(), 0)
    }),
  )

  test(
    'a purge of another project comes between its pieces',
    withBench(async (bench) => {
      const { store } = bench
      const accepted = await submit(bench, urlsOf(60_000).join('\n'))
      await bench.until(accepted.id, () => true)
      const seq = await store.transaction('durable', (tx) =>
        tx.log.append('other', [keyHash('asset:other/x')]),
      )
      const done = await bench.finished(accepted.id)
      assert.ok(seq < done.seq!, `${seq} came after ${done.seq}`)
      assert.equal(done.status, 'Done')
    }),
  )

  test(
    'a retry puts all of it into the log again, under the same id',
    withBench(async (bench) => {
      const accepted = await submit(bench, urlsOf(20_000).join('\n'))
      const done = await bench.finished(accepted.id)
      await bench.store.transaction('durable', (tx) =>
        tx.invalidations.transition(done.id, ['Done'], { status: 'ERROR' }),
      )
      const before = await bench.store.tables.log.head()
      await bench.invalidations.retry(PROJECT.id, done.id)
      const again = await bench.finished(done.id)
      assert.equal(again.status, 'Done')
      assert.equal(await bench.store.tables.log.head(), before * 2)
      assert.equal(again.seq, before * 2)
    }),
  )

  test(
    'a soft one enters with the window of its project, and Done says until when the old ones may be shown',
    withBench(async (bench) => {
      await bench.setProject({ softSeconds: 30 })
      const accepted = await submit(bench, urlsOf(20_000).join('\n'), { mode: 'soft' })
      assert.equal(accepted.mode, 'soft')
      const done = await bench.finished(accepted.id)
      assert.deepEqual(await windowsOf(bench), [30_000])
      const windowMs = Date.parse(done.evidence!.staleUntil!) - Date.parse(done.finishedAt!)
      assert.equal(windowMs, 30_000)
    }),
  )

  test(
    'a soft one whose project changes its window while another takes it over has one window for all of it',
    withBench(async (bench) => {
      await bench.setProject({ softSeconds: 30 })
      const accepted = await submit(bench, urlsOf(60_000).join('\n'), { mode: 'soft' })
      const pieces = await entered(bench, accepted.id)
      await bench.setProject({ softSeconds: 10 })
      const other = bench.another()
      await other.start()
      const done = await ended(bench, other, accepted.id)
      const entries = await bench.store.tables.log.after(done.seq! - pieces, pieces)
      assert.deepEqual(new Set(entries.map(({ softMs }) => softMs)), new Set([10_000]))
      const windowMs = Date.parse(done.evidence!.staleUntil!) - Date.parse(done.finishedAt!)
      assert.equal(windowMs, 10_000)
    }),
  )

  test(
    'the same lines softly and not are two requests to an idempotency key',
    withBench(async (bench) => {
      const part = { idempotencyKey: 'k' }
      await submit(bench, urlsOf(3).join('\n'), { ...part, mode: 'soft' })
      const other = await refusal(submit(bench, urlsOf(3).join('\n'), part))
      assert.equal(other.code, 'idempotency-conflict')
    }),
  )

  test('whoever takes it over in the middle goes on behind the last piece', async () => {
    const nodes = createTestNodes()
    assert.equal(nodes.prompt, true)
    await withBench(async (bench) => {
      const accepted = await submit(bench, urlsOf(60_000).join('\n'))
      const pieces = await entered(bench, accepted.id)
      const other = bench.another()
      await other.start()
      await ended(bench, other, accepted.id)
      assert.equal(await bench.store.tables.log.head(), pieces)
    })()
  })
})
