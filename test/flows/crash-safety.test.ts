import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { STEP_POINTS } from '../../src/invalidation/parts.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { ask } from '../support/http.ts'
import { colourOf, plainPicture } from '../support/resizer-bench.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/**
 * Goal: what was accepted is never lost. The whole is killed with -9 at each step boundary and at random instants; after a start on
 * the same data each invalidation has the same id, one timeline without a gap, and ends Done; and nothing old is served then.
 */

const LEASE_MS = 1_000
const ENV = {
  SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters',
  SLUICE_LEASE_SECONDS: String(LEASE_MS / 1_000),
}
/** Kills at random instants: as many of 50 as fit into the time, or as many as somebody asks for. */
const ASKED = process.env['SLUICE_TEST_KILLS']
const KILLS = Number(ASKED ?? 50)
const RANDOM_MS = ASKED === undefined ? 40_000 : KILLS * 4_000
const TARGET = '/is/image/demo/flag?wid=32&fmt=png'
const COLOURS = ['#f00', '#00f', '#0f0', '#ff0', '#f0f', '#0ff', '#fff', '#888'] as const
const PICTURES = await Promise.all(COLOURS.map((colour) => plainPicture(colour)))
const SEEN = await Promise.all(PICTURES.map((picture) => colourOf(picture)))

let data: string
let version = 0

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-crash-'))
  await prepareData(data, { flag: PICTURES[0]! }, ENV)
})
after(() => rm(data, { recursive: true, force: true }))

interface Running {
  readonly sluice: Started
  readonly api: ApiClient
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const sluice = await startServe({ data, env: { ...ENV, ...env } })
  return { sluice, api: apiClient(sluice.consoleUrl, await sluice.adminKey()) }
}

/** Puts the next picture in; its colour is what must be seen once an invalidation after it is Done. */
async function replace({ api }: Running): Promise<void> {
  version += 1
  await api.putAsset('flag', PICTURES[version % PICTURES.length]!)
}

async function assertNew({ sluice }: Running): Promise<void> {
  for (const edge of sluice.edges) {
    const answer = await ask(edge + TARGET)
    assert.equal(answer.status, 200)
    assert.equal(await colourOf(answer.bytes), SEEN[version % SEEN.length])
  }
}

const SELECTION = { assets: ['flag'], renditions: true }
const ORDER = [
  'Received',
  'Preparing',
  'Flushing resizing servers',
  'Flushing CDN servers',
  'Verifying',
  'Done',
]

/** In order, each status once, times never going back: a continuous timeline however often it was taken up. */
function assertContinuous(invalidation: Invalidation): void {
  const names = invalidation.timeline.map(({ status }) => status)
  const known = ORDER.filter((status) => names.includes(status as (typeof names)[number]))
  assert.deepEqual(names, known)
  assert.deepEqual([names[0], names.at(-1)], ['Received', 'Done'])
  const times = invalidation.timeline.map(({ at }) => Date.parse(at))
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  )
}

describe('killed with -9', () => {
  for (const point of STEP_POINTS) {
    test(`the same invalidation ends Done after a start, killed at ${point}`, async () => {
      const first = await start({ SLUICE_CRASH_AT: point })
      await ask(first.sluice.edges[0]! + TARGET)
      await replace(first)
      const died = once(first.sluice.child, 'exit')
      // The process may die before it answers: what it accepted is in the log all the same.
      const id = await first.api.submit(SELECTION).then(
        (accepted) => accepted.id,
        () => null,
      )
      assert.deepEqual((await died)[1], 'SIGKILL')
      const second = await start()
      try {
        const list = await second.api.call('GET', '/invalidations?limit=1')
        const [latest] = (list.body as { items: Invalidation[] }).items
        if (id !== null) assert.equal(latest?.id, id)
        assertContinuous(await second.api.done(latest!.id))
        await assertNew(second)
      } finally {
        await second.sluice.stop()
      }
    })
  }

  test(`nothing accepted is lost, and nothing old is served after Done, killed at up to ${KILLS} random instants`, async (t) => {
    const until = performance.now() + RANDOM_MS
    const accepted: string[] = []
    let kills = 0
    let running = await start()
    while (kills < KILLS && performance.now() < until) {
      await replace(running)
      const busy = submitting(running, accepted)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      const died = once(running.sluice.child, 'exit')
      running.sluice.child.kill('SIGKILL')
      await Promise.all([died, busy])
      kills += 1
      running = await start()
    }
    t.diagnostic(`${kills} kills, ${accepted.length} accepted`)
    try {
      for (const id of accepted) assertContinuous(await running.api.done(id))
      await running.api.invalidate(SELECTION)
      await assertNew(running)
    } finally {
      await running.sluice.stop()
    }
    assert.equal(kills >= Math.min(KILLS, 5), true, 'the machine was too slow to try')
  })
})

/** Submits one after the other until the process is gone. */
async function submitting({ api }: Running, accepted: string[]): Promise<void> {
  for (;;) {
    try {
      const { id } = await api.submit(SELECTION)
      accepted.push(id)
    } catch (error) {
      // A refusal would be a failure; a connection that ends is the kill.
      if (error instanceof assert.AssertionError) throw error
      return
    }
  }
}
