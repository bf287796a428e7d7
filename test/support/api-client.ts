import assert from 'node:assert/strict'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { until } from './http.ts'
import { startRole } from './serve.ts'

/** The API of a running Sluice, for its default project. */
export interface ApiClient {
  /** The status and the parsed body, whatever they are. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  putAsset(id: string, bytes: Uint8Array): Promise<void>
  /** Submits; the answer to a refusal fails the test. */
  submit(selection: object): Promise<Invalidation>
  read(id: string): Promise<Invalidation>
  /** Waits until it has ended, and fails unless it ended Done. */
  done(id: string, deadlineMs?: number): Promise<Invalidation>
  invalidate(selection: object): Promise<Invalidation>
}

const DONE_MS = 30_000
/** A key may ask 50 times a second. */
const LOOK_MS = 40

export function apiClient(consoleUrl: string, key: string): ApiClient {
  const base = `${consoleUrl}/api/v1/projects/demo`
  const authorization = `Bearer ${key}`
  const call: ApiClient['call'] = async (method, path, body) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const fields = body === undefined ? { authorization } : headers
    const answer = await asOftenAsAllowed(() =>
      fetch(base + path, { method, headers: fields, ...sent }),
    )
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }
  const read: ApiClient['read'] = async (id) => {
    const { status, body } = await call('GET', `/invalidations/${id}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body as Invalidation
  }
  const submit: ApiClient['submit'] = async (selection) => {
    const { status, body } = await call('POST', '/invalidations', selection)
    assert.equal(status, 202, JSON.stringify(body))
    return body as Invalidation
  }
  const done: ApiClient['done'] = async (id, deadlineMs = DONE_MS) => {
    let last = await read(id)
    const ended = async (): Promise<boolean> => {
      last = await read(id)
      return last.status === 'Done' || last.status.startsWith('ERROR')
    }
    await until(`invalidation ${id} ends`, ended, deadlineMs, LOOK_MS)
    assert.equal(last.status, 'Done', JSON.stringify(last))
    return last
  }
  return {
    call,
    read,
    submit,
    done,
    invalidate: async (selection) => done((await submit(selection)).id),
    async putAsset(id, bytes) {
      const answer = await asOftenAsAllowed(() =>
        fetch(`${base}/assets/${encodeURIComponent(id)}`, {
          method: 'PUT',
          headers: { authorization, 'content-type': 'application/octet-stream' },
          body: Buffer.from(bytes),
        }),
      )
      assert.equal(answer.ok, true, `${answer.status} ${await answer.text()}`)
    },
  }
}

/** A key has 50 requests a second: who is told to wait waits, as any client should. */
async function asOftenAsAllowed(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 429) return answer
    await answer.arrayBuffer()
    const waitMs = Number(answer.headers.get('retry-after') ?? 1) * 1000
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

export const PUBLISH_SERVER = 'https://images.example'

/**
 * Makes a data folder with the default project and one asset, and without the demo's pictures: starts on it are quick. Purges are
 * asked for by the test alone.
 */
export async function prepareData(
  data: string,
  assets: Readonly<Record<string, Uint8Array>>,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const control = await startRole('control', { data, args: ['--port', '0'], env })
  try {
    const api = apiClient(control.consoleUrl, await control.adminKey())
    const settings = { publishServer: PUBLISH_SERVER, automaticInvalidation: false }
    const { status, body } = await api.call('PATCH', '', settings)
    assert.equal(status, 200, JSON.stringify(body))
    for (const [id, bytes] of Object.entries(assets)) await api.putAsset(id, bytes)
  } finally {
    await control.stop()
  }
}
