import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { Freshness } from './freshness.ts'
import { MarkedCache } from './marked-cache.ts'
import type { BodyHolder, StoreOutcome } from './marked-cache.ts'

/** Where bodies are kept, as a test sees it. */
export interface Bodies<Body> extends BodyHolder<Body> {
  make(text: string): Promise<Body>
  /** Undefined when it is gone, where that can be seen. */
  text(body: Body): Promise<string | undefined>
  /** How many are held beyond this process's memory; null where nothing is. */
  held(): Promise<number | null>
}

const RED = keyHash('asset:demo/red')
const BLUE = keyHash('asset:demo/blue')
const BYTES_MAX = 40_000

/** What the cache must do wherever its bodies are. */
export function markedCacheSuite<Body>(name: string, open: () => Promise<Bodies<Body>>): void {
  async function setUp() {
    const bodies = await open()
    const freshness = new Freshness(manualTime().clock)
    freshness.startEmpty('log', 0)
    freshness.heard(100)
    const cache = new MarkedCache<{ name: string }, Body>({
      freshness,
      bodies,
      bytesMax: BYTES_MAX,
    })
    const keep = async (
      key: string,
      text: string,
      { mark = freshness.applied, keys = [RED], epoch = freshness.epoch } = {},
    ): Promise<StoreOutcome> => {
      const body = await bodies.make(text)
      const meta = { name: key }
      return cache.store(key, { keys, mark, meta, body, bodyBytes: text.length }, epoch)
    }
    const purge = (...keys: KeyHash[]): void =>
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
    const serve = async (key: string, minMark = 0): Promise<string | undefined> => {
      const found = cache.lookup(key, minMark)
      return found && bodies.text(found.entry.body)
    }
    return { bodies, freshness, cache, keep, purge, serve }
  }

  describe(`a cache with ${name}`, () => {
    test('what turns out to be lost is dropped, and not what was kept in its place meanwhile', async () => {
      const { cache, keep, serve } = await setUp()
      await keep('/red', 'lost')
      const { body } = cache.lookup('/red', 0)!.entry
      await keep('/red', 'kept since')
      cache.dropLost('/red', body)
      assert.equal(await serve('/red'), 'kept since')
      cache.dropLost('/red', cache.lookup('/red', 0)!.entry.body)
      assert.equal(await serve('/red'), undefined)
    })

    test('miss, keep, hit, purge, miss', async () => {
      const { cache, keep, purge, serve, bodies } = await setUp()
      assert.equal(await serve('/red'), undefined)
      assert.equal(await keep('/red', 'version 1'), 'stored')
      assert.equal(await serve('/red'), 'version 1')
      purge(RED)
      assert.equal(await serve('/red'), undefined)
      assert.deepEqual([cache.count, cache.bytes], [0, 0], 'what is condemned is dropped when met')
      assert.ok([0, null].includes(await bodies.held()))
    })

    test('a purge of something else leaves it a hit, with its mark raised', async () => {
      const { cache, keep, purge, serve } = await setUp()
      await keep('/red', 'red')
      purge(BLUE)
      assert.equal(cache.lookup('/red', 1)?.mark, 1)
      assert.equal(await serve('/red'), 'red')
    })

    test('what began before a purge and lands after it is not kept', async () => {
      const { cache, keep, purge, bodies } = await setUp()
      purge(RED)
      assert.equal(await keep('/red', 'late', { mark: 0 }), 'not-usable')
      assert.equal(cache.count, 0)
      assert.ok([0, null].includes(await bodies.held()), 'and its body is let go')
    })

    test('a mark that control has not announced is not kept', async () => {
      const { keep } = await setUp()
      assert.equal(await keep('/red', 'from the future', { mark: 101 }), 'not-usable')
      assert.equal(await keep('/red', 'announced', { mark: 100 }), 'stored')
    })

    test('a fill that began before everything was forgotten is not kept', async () => {
      const { freshness, keep } = await setUp()
      const { epoch } = freshness
      freshness.startEmpty('another', 0)
      assert.equal(await keep('/red', 'of the other log', { epoch }), 'not-usable')
    })

    test('what holds a higher mark is not replaced, while it is usable', async () => {
      const { keep, purge, serve } = await setUp()
      await keep('/red', 'newer', { mark: 7 })
      assert.equal(await keep('/red', 'older', { mark: 6 }), 'older-than-held')
      assert.equal(await serve('/red'), 'newer')
      assert.equal(await keep('/red', 'as new', { mark: 7 }), 'stored')
      assert.equal(await serve('/red'), 'as new')
      for (let at = 0; at < 8; at++) purge(RED)
      assert.equal(await keep('/red', 'after the purge', { mark: 8 }), 'stored')
      assert.equal(await serve('/red'), 'after the purge')
    })

    test('what is too old for one asker stays for the others', async () => {
      const { keep, serve } = await setUp()
      await keep('/red', 'red')
      assert.equal(await serve('/red', 5), undefined)
      assert.equal(await serve('/red', 0), 'red')
    })

    test('the least recently used goes first when space is short', async () => {
      const { cache, keep, serve, bodies } = await setUp()
      for (const key of ['a', 'b', 'c', 'd']) await keep(key, key.repeat(9_000))
      assert.equal(cache.count, 4)
      await serve('a')
      await keep('e', 'e'.repeat(9_000))
      assert.equal(await serve('b'), undefined)
      assert.equal((await serve('a'))?.length, 9_000)
      assert.equal(cache.bytes <= BYTES_MAX, true)
      assert.ok([4, null].includes(await bodies.held()))
    })

    test('one thing may take a quarter of the space and no more', async () => {
      const { cache, keep } = await setUp()
      assert.equal(await keep('large', 'x'.repeat(BYTES_MAX / 4)), 'too-large')
      assert.equal(cache.objectBytesMax, BYTES_MAX / 4)
      assert.deepEqual([cache.count, cache.bytes], [0, 0])
    })

    test('replacing counts bytes once, and lets go of the body before', async () => {
      const { cache, keep, bodies } = await setUp()
      await keep('/red', 'x'.repeat(1_000))
      await keep('/red', 'x'.repeat(10))
      assert.equal(cache.bytes < 1_000, true)
      assert.ok([1, null].includes(await bodies.held()))
    })

    test('confirming keeps the very body that is held', async () => {
      const { cache, freshness, keep, serve, bodies } = await setUp()
      await keep('/red', 'unchanged')
      const { body } = cache.lookup('/red', 0)!.entry
      const meta = { name: 'confirmed' }
      const entry = { keys: [RED, BLUE], mark: 3, meta, body, bodyBytes: 9 }
      assert.equal(cache.store('/red', entry, freshness.epoch), 'stored')
      assert.equal(await serve('/red'), 'unchanged')
      assert.equal(cache.lookup('/red', 0)?.entry.meta.name, 'confirmed')
      // A confirmation that comes too late to be kept must not take the held body away either.
      const late = { ...entry, mark: 1, meta: { name: 'late' } }
      assert.equal(cache.store('/red', late, freshness.epoch), 'older-than-held')
      assert.equal(await serve('/red'), 'unchanged')
      assert.ok([1, null].includes(await bodies.held()))
    })

    test('looking for evidence changes neither order nor content', async () => {
      const { cache, keep, purge, serve } = await setUp()
      for (const key of ['a', 'b', 'c', 'd']) await keep(key, key.repeat(9_000))
      assert.equal(cache.peek('a')?.judgement.usable, true)
      await keep('e', 'e'.repeat(9_000))
      assert.equal(await serve('a'), undefined, 'the peek did not make it recent')
      purge(RED)
      assert.deepEqual(cache.peek('b')?.judgement, { usable: false })
      assert.equal(cache.peek('b')?.entry.mark, 0)
      assert.equal(cache.peek('nothing'), undefined)
    })

    test('all is forgotten when the purge log is another one', async () => {
      const { cache, freshness, keep, bodies } = await setUp()
      await keep('/red', 'red')
      freshness.startEmpty('another', 0)
      assert.deepEqual([cache.count, cache.bytes], [0, 0])
      assert.ok([0, null].includes(await bodies.held()))
    })

    test('a sweep drops what is condemned, raises the rest, and then stamps may be forgotten', async () => {
      const { cache, freshness, keep, purge, serve } = await setUp()
      for (let at = 0; at < 10; at++) {
        const keys = [at % 2 === 0 ? RED : BLUE]
        await keep(`thing ${at}`, String(at), { keys })
      }
      purge(RED)
      const slices = cache.sweep()
      while (!slices.next().done);
      freshness.forgetStampsUpTo(freshness.applied)
      assert.equal(cache.count, 5)
      assert.equal(freshness.stampCount, 0)
      assert.equal(await serve('thing 0'), undefined)
      assert.equal(await serve('thing 1'), '1')
    })

    test('what is stored behind a sweep with an older mark is unusable, not forgotten', async () => {
      const { cache, freshness, keep, purge, serve } = await setUp()
      purge(BLUE)
      const slices = cache.sweep()
      assert.equal(await keep('/red', 'late', { mark: 0 }), 'stored')
      while (!slices.next().done);
      purge(RED)
      assert.equal(await keep('/blue', 'from before', { mark: 1, keys: [BLUE] }), 'stored')
      freshness.forgetStampsUpTo(2)
      assert.equal(await serve('/blue'), undefined)
      assert.equal(await serve('/red'), undefined)
    })
  })
}
