import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { NAMES } from '../../test/support/edge-bench.ts'
import { serveHttp } from '../../test/support/http.ts'
import { colourOf, plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'
import { originalsTarget } from '../contract/known-originals.ts'
import type { KnownOriginal, OriginalLook } from '../contract/known-originals.ts'
import { keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { RecordedDelivery } from '../contract/records.ts'

/** Goal: what stands in for an original that is missing or cannot be read is never something that was purged. */

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const [RED, BLUE] = await Promise.all([plainPicture('#f00'), plainPicture('#00f')])
const ORIGINAL = 'sample.li/flat.png'
const TARGET = `/~/original/demo/${ORIGINAL}?func=fit&w=32`
const HOURS_MS = 36_000_000

async function setUp(delivery: Partial<RecordedDelivery> = { staleIfErrorSeconds: 600 }) {
  const host: { picture: Buffer; status: number; age?: number } = { picture: RED, status: 200 }
  const server = await serveHttp((_request, response) => {
    // Its clock is another than that of the bench.
    response.sendDate = false
    const age = host.age === undefined ? {} : { age: String(host.age) }
    if (host.status === 200) response.writeHead(200, { etag: '"one"', ...age }).end(host.picture)
    else response.writeHead(host.status).end()
  })
  const connectTo = new URL(server.url).host
  const bench = await resizerBench([
    { host: 'sample.li', scheme: 'http', connectTo, allowPrivate: true },
  ])
  closing.push(
    () => server.stop(),
    () => bench.stop(),
  )
  await bench.putProject({ delivery })
  const lapse = (ms: number): void => {
    bench.clock.advance(ms)
    bench.lease()
  }
  return { bench, host, heard: server.heard, lapse }
}

describe('a copy past its lifetime, while its origin fails', () => {
  it('is given for a moment, with a mark that is the judge’s', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    lapse(HOURS_MS + 1)
    const seq = bench.purge(keyText.asset('demo', 'something-else'))
    const answer = await bench.ask(TARGET, seq)
    assert.equal(answer.status, 200)
    assert.equal(await colourOf(answer.bytes), '255,0,0')
    assert.equal(answer.headers['sluice-mark'], String(seq))
    assert.equal(answer.headers['cache-control'], 'public, max-age=10')
    assert.equal(answer.headers['cdn-cache-control'], 'max-age=10')
    const longer = await bench.ask(`${TARGET}&ci_cache=86400`)
    assert.equal(longer.headers['cdn-cache-control'], 'max-age=10', 'ci_cache does not stretch it')
  })

  it('makes way as soon as the origin answers again', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    lapse(HOURS_MS + 1)
    await bench.ask(TARGET)
    Object.assign(host, { status: 200, picture: BLUE })
    lapse(10_001)
    assert.equal(await colourOf((await bench.ask(TARGET)).bytes), '0,0,255')
  })

  it('does not exist once it was purged', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    lapse(HOURS_MS + 1)
    bench.purge(keyText.original('demo', ORIGINAL), keyText.source('demo', ORIGINAL))
    assert.equal((await bench.ask(TARGET)).status, 502)
  })

  it('is not given to one who knows of a purge that is still on its way here', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    lapse(HOURS_MS + 1)
    assert.equal((await bench.ask(TARGET, bench.freshness.applied + 1)).status, 502)
  })

  it('is not given without a lease, because a purge may be unknown here', async () => {
    const { bench, host } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    bench.clock.advance(HOURS_MS + 1)
    assert.equal((await bench.get(TARGET)).status, 502)
  })

  it('is not given longer than the project says, nor without its word', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 500
    lapse(HOURS_MS + 600_001)
    assert.equal((await bench.ask(TARGET)).status, 502)
    const silent = await setUp({})
    await silent.bench.ask(TARGET)
    silent.host.status = 500
    silent.lapse(HOURS_MS + 1)
    assert.equal((await silent.bench.ask(TARGET)).status, 502)
  })

  it('does not stand in for what the origin said is gone', async () => {
    const { bench, host, lapse } = await setUp()
    await bench.ask(TARGET)
    host.status = 404
    lapse(HOURS_MS + 1)
    assert.equal((await bench.ask(TARGET)).status, 404)
    host.status = 500
    lapse(10_001)
    assert.equal((await bench.ask(TARGET)).status, 502)
  })
})

describe('a missing original', () => {
  it('is not asked after again while its moment lasts, unless it was purged', async () => {
    const { bench, host, heard, lapse } = await setUp({ missingTtlSeconds: 30 })
    host.status = 404
    for (const width of [1, 2, 3]) await bench.ask(TARGET.replace('w=32', `w=${width}`))
    assert.equal(heard.length, 1)
    host.status = 200
    bench.purge(keyText.source('demo', ORIGINAL), keyText.original('demo', ORIGINAL))
    assert.equal((await bench.ask(TARGET)).status, 200)
    host.status = 404
    lapse(HOURS_MS + 1)
    await bench.ask(TARGET)
    lapse(30_001)
    await bench.ask(TARGET)
    assert.equal(heard.length, 4)
  })

  it('is asked after for one who knows of a purge that is still on its way here', async () => {
    const { bench, host, heard } = await setUp({ missingTtlSeconds: 30 })
    host.status = 404
    await bench.ask(TARGET)
    await bench.ask(TARGET, bench.freshness.applied + 1)
    assert.equal(heard.length, 2)
  })

  it('carries the keys of the picture that stands for it', async () => {
    const { bench, host } = await setUp({
      missingOriginal: 'default-image-200',
      missingImage: 'flag',
      missingTtlSeconds: 3600,
    })
    await bench.putAsset('flag', RED)
    host.status = 404
    const before = await bench.ask(TARGET)
    assert.equal(before.status, 200)
    const keys = (before.headers['sluice-keys'] ?? '').split(',')
    bench.purge(keyText.asset('demo', 'flag'))
    assert.equal(
      bench.freshness.reflects(keys as never, Number(before.headers['sluice-mark'])),
      false,
    )
  })

  it('whose picture is made under a log that took the place of its own claims none of its numbers', async () => {
    const { bench, host } = await setUp({
      missingOriginal: 'default-image-200',
      missingImage: 'flag',
    })
    await bench.putAsset('flag', RED)
    host.status = 404
    for (let at = 0; at < 7; at++) bench.purge(keyText.asset('demo', 'other'))
    bench.onRecordRead = () => {
      bench.onRecordRead = () => undefined
      bench.freshness.startEmpty('another log', 1)
      bench.freshness.heard(9)
    }
    assert.equal(await colourOf((await bench.ask(TARGET, 7)).bytes), '255,0,0')
    await bench.putAsset('flag', BLUE, { version: 2 })
    const record = keyText.record(recordName.asset('demo', 'flag'))
    assert.equal(bench.purge(keyText.asset('demo', 'flag'), record), 2)
    const colour = await colourOf((await bench.ask(TARGET)).bytes)
    assert.equal(colour, '0,0,255', 'a mark of 7 would have said that the purge of 2 is reflected')
  })

  it('may be an asset, and makes way when it is published', async () => {
    const { bench } = await setUp({ missingOriginal: 'transparent-200', missingTtlSeconds: 3600 })
    const target = '/~/asset/demo/later?w=20&force_format=png'
    const before = await bench.ask(target)
    assert.deepEqual([before.status, before.headers['content-type']], [200, 'image/gif'])
    await bench.putAsset('later', RED)
    const seq = bench.purge(
      keyText.asset('demo', 'later'),
      keyText.record(recordName.asset('demo', 'later')),
    )
    const after = await bench.ask(target, seq)
    assert.equal(await colourOf(after.bytes), '255,0,0')
    assert.equal(
      (await bench.ask('/~/image/demo/never?wid=20')).status,
      404,
      'Dynamic Media has 404',
    )
  })

  it('whose default image is missing too is an empty 404, never a 200', async () => {
    const { bench, host } = await setUp({
      missingOriginal: 'default-image-200',
      missingImage: 'sample.li/default.png',
    })
    host.status = 404
    const answer = await bench.ask(TARGET)
    assert.deepEqual([answer.status, answer.bytes.length], [404, 0])
  })
})

describe('what is known of originals', () => {
  it('is told to nodes, and what was purged is not known any more', async () => {
    const { bench } = await setUp()
    await bench.ask(TARGET)
    const one = originalsTarget('demo', { original: ORIGINAL })
    const known = async (target: string) =>
      (JSON.parse((await bench.ask(target)).text) as { items: KnownOriginal[] }).items
    const [item] = await known(one)
    assert.equal(item?.original, ORIGINAL)
    assert.equal(item?.etag, '"one"')
    assert.match(item?.hash ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual(await known(originalsTarget('demo', { after: '' })), [item])
    assert.deepEqual(await known(originalsTarget('demo', { after: ORIGINAL })), [])
    assert.deepEqual(await known(originalsTarget('dem', { after: '' })), [])
    assert.equal((await bench.get(one)).status, 404, 'to nobody else')
    bench.purge(keyText.source('demo', ORIGINAL))
    assert.deepEqual(await known(one), [])
  })

  it('one is read anew for a purge, and says how long a cache before its origin had kept it', async () => {
    const { bench, host, heard } = await setUp()
    const target = originalsTarget('demo', { look: ORIGINAL })
    const look = async (mark = 0) =>
      JSON.parse((await bench.ask(target, mark)).text) as OriginalLook
    assert.deepEqual(await look(), { kind: 'read', originAgeMs: null }, 'nothing tells its age')
    host.age = 90
    const seq = bench.purge(keyText.original('demo', ORIGINAL), keyText.source('demo', ORIGINAL))
    const ageMs = async () => {
      const found = await look(seq)
      return found.kind === 'read' ? (found.originAgeMs ?? 0) : 0
    }
    const first = await ageMs()
    assert.ok(first >= 90_000, `${first}`)
    assert.equal(heard.at(-1)?.headers['cache-control'], 'no-cache')
    bench.clock.advance(1_000)
    bench.lease()
    assert.ok((await ageMs()) >= first + 1_000, 'it grows older as it is kept')
    const reads = heard.length
    assert.equal((await bench.ask(TARGET, seq)).status, 200)
    assert.equal(heard.length, reads, 'whoever asks next does not wait for its origin')
    assert.equal((await bench.get(target)).status, 404, 'for nodes alone')
  })

  it('one that is missing, or of no allowed origin, is said to be', async () => {
    const { bench, host } = await setUp()
    host.status = 404
    const look = async (original: string) =>
      JSON.parse(
        (await bench.ask(originalsTarget('demo', { look: original }))).text,
      ) as OriginalLook
    assert.deepEqual(await look(ORIGINAL), {
      kind: 'missing',
      reason: 'The origin answered 404.',
    })
    const strange = await look('elsewhere.example/a.jpg')
    assert.deepEqual(strange, { kind: 'failed', reason: 'It is of no allowed origin.' })
  })

  it('keys that sign URLs are told to nodes alone', async () => {
    const { bench } = await setUp()
    const signing = { keys: [{ id: 'k1', secret: 'never to be seen by anybody else' }] }
    const projects = NAMES.projects.map((names) => ({ ...names, signing }))
    await bench.records.write(recordName.names(), { projects })
    bench.purge(keyText.record(recordName.names()))
    assert.match((await bench.ask('/~/names')).text, /never to be seen/)
    assert.doesNotMatch((await bench.get('/~/names')).text, /never to be seen/)
  })
})
