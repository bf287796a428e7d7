import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'

import { ask, until } from './http.ts'
import type { Asked } from './http.ts'
import { startSampleOrigin } from './sample-origin.ts'
import type { SampleOrigin } from './sample-origin.ts'
import { startServe } from './serve.ts'
import type { Started } from './serve.ts'

/** The whole in one process before somebody else's web server: an empty library, an origin `sample.li`, a token `doc`. */
export interface OriginalDelivery {
  readonly origin: SampleOrigin
  readonly sluice: Started
  /** JSON of control's API; fails with the problem when refused. */
  api(method: string, target: string, body?: unknown): Promise<unknown>
  /** Changes settings of the project. */
  settings(change: unknown): Promise<unknown>
  delivery(change: unknown): Promise<unknown>
  /** From now on requests come from another client, who has spent nothing of his allowance. */
  newClient(): void
  /** Asks an edge, the first unless told, as the current client does. */
  get(target: string, host?: string, edge?: number): Promise<Asked>
  /** Submits, and waits until it is Done; gives its id. */
  invalidate(selection: unknown): Promise<string>
  stop(): Promise<void>
}

export const DEMO_PROJECT = '/api/v1/projects/demo'

export async function startOriginalDelivery(
  change: unknown = {},
  edges = 1,
): Promise<OriginalDelivery> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-originals-'))
  const origin = await startSampleOrigin()
  const sluice = await startServe({
    edges,
    env: { SLUICE_ASSETS: folder, SLUICE_TRUSTED_PROXIES: '127.0.0.1' },
  })
  const adminKey = await sluice.adminKey()
  const api = async (method: string, target: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(sluice.consoleUrl + target, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const json: unknown = await answer.json()
    assert.ok(answer.ok, `${method} ${target}: ${JSON.stringify(json)}`)
    return json
  }
  const settings = (settingsChange: unknown) => api('PATCH', DEMO_PROJECT, settingsChange)
  const rule = { host: 'sample.li', scheme: 'http', connectTo: origin.place, allowPrivate: true }
  // What is purged is purged by the tests.
  await settings({ automaticInvalidation: false, tokens: ['doc'], origins: [rule] })
  await settings(change)
  let client = 0
  return {
    origin,
    sluice,
    api,
    settings,
    delivery: (delivery) => settings({ delivery }),
    newClient() {
      client += 1
    },
    get: (target, host = 'doc.cloudimg.io', edge = 0) =>
      ask(sluice.edges[edge]!, {
        target,
        headers: { host, 'x-forwarded-for': `192.0.${Math.floor(client / 250)}.${client % 250}` },
      }),
    async invalidate(selection) {
      const invalidations = `${DEMO_PROJECT}/invalidations`
      const { id } = (await api('POST', invalidations, selection)) as { id: string }
      await until('Done', async () => {
        const { status } = (await api('GET', `${invalidations}/${id}`)) as { status: string }
        return status === 'Done'
      })
      return id
    },
    async stop() {
      await sluice.stop()
      await origin.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function isHit(answer: Asked): boolean {
  return (answer.headers['cache-status'] ?? '').startsWith('sluice-edge; hit')
}

/** Which of the colours of a sample origin's pictures it is. */
export async function colorOf(answer: Asked): Promise<string> {
  assert.equal(answer.status, 200, answer.text.slice(0, 200))
  const { data } = await sharp(answer.bytes).raw().toBuffer({ resolveWithObject: true })
  const [red = 0, green = 0, blue = 0] = data
  if (red > 150 && green < 100) return 'red'
  return blue > 150 ? 'blue' : green > 100 ? 'green' : 'other'
}
