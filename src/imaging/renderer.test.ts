import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { Recipe } from '../contract/recipe.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { ImagingError } from './errors.ts'
import { createRenderer } from './renderer.ts'
import { RENDERER_VERSION } from './renderer-version.ts'

let source: Uint8Array
let recipe: Recipe

before(async () => {
  source = await sharp({ create: { width: 90, height: 60, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  const project = { project: 'demo', companies: [], tokens: [], hosts: [], originAliases: {} }
  const address = { host: 'h.li', target: '/is/image/demo/a?wid=40' }
  const parsed = parseDeliveryUrl(address, { projects: [project] })
  assert.ok(parsed.ok)
  const resolved = resolveRecipe(parsed.url, { presets: {}, crop: null, format: null })
  assert.ok(resolved.ok)
  recipe = resolved.recipe
})

describe('a bounded renderer', () => {
  it('makes what has a place, lets others wait and refuses what is too much', async () => {
    const renderer = createRenderer({ concurrency: 1, queueMax: 2 })
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => renderer.render(recipe, source)),
    )
    const made = attempts.filter(({ status }) => status === 'fulfilled')
    assert.equal(made.length, 3)
    for (const attempt of attempts.slice(3)) {
      assert.equal(attempt.status, 'rejected')
      assert.ok(attempt.reason instanceof ImagingError)
      assert.equal(attempt.reason.code, 'render-queue-full')
      assert.equal(attempt.reason.status, 503)
    }
    const expected = { running: 0, waiting: 0, rendered: 3, failed: 0, refused: 2 }
    assert.deepEqual(renderer.stats(), expected)
  })

  it('takes one that is aborted out of the queue, and gives its place to nobody', async () => {
    const renderer = createRenderer({ concurrency: 1, queueMax: 2 })
    const leaver = new AbortController()
    const first = renderer.render(recipe, source)
    const second = renderer.render(recipe, source, leaver.signal)
    const third = renderer.render(recipe, source)
    leaver.abort(new Error('gone'))
    await assert.rejects(second, /gone/)
    assert.equal((await first).width, 40)
    assert.equal((await third).width, 40)
    await assert.rejects(
      renderer.render(recipe, source, AbortSignal.abort(new Error('late'))),
      /late/,
    )
    const { running, waiting, rendered } = renderer.stats()
    assert.deepEqual({ running, waiting, rendered }, { running: 0, waiting: 0, rendered: 2 })
  })

  it('asks for an original only when it is its turn, so that none waits in memory', async () => {
    const renderer = createRenderer({ concurrency: 1, queueMax: 9 })
    let loading = 0
    let most = 0
    const load = async (): Promise<Uint8Array> => {
      loading += 1
      most = Math.max(most, loading)
      return source
    }
    const renders = Array.from({ length: 5 }, () =>
      renderer.render(recipe, load).finally(() => void (loading -= 1)),
    )
    await Promise.all(renders)
    assert.equal(most, 1)
  })

  it('goes on after a picture that cannot be made', async () => {
    const renderer = createRenderer({ concurrency: 1, queueMax: 1 })
    await assert.rejects(renderer.render(recipe, Buffer.from('no picture')), ImagingError)
    assert.equal((await renderer.render(recipe, source)).height, 27)
    assert.equal(renderer.stats().failed, 1)
  })
})

it('the renderer names itself and its libraries', () => {
  assert.match(RENDERER_VERSION, /^\d+-sharp\d+\.\d+\.\d+-vips\d+\.\d+\.\d+$/)
})
