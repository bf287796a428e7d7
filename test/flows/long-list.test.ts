import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'
import { until } from '../support/http.ts'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** A list longer than a form, from the command line's side of the API to what an edge of its own process serves afterwards. */
const env = { SLUICE_NODE_SECRET: 'a secret of the tests, long enough for nodes' }
const DONE_MS = 30_000

async function start(
  started: Started[],
  role: 'control' | 'resizer' | 'edge',
  ...args: readonly string[]
): Promise<Started> {
  const each = await startRole(role, { env, args })
  started.push(each)
  return each
}

describe('a long list over processes of their own', () => {
  const started: Started[] = []
  let control: Started
  let edge: string
  let api: string
  let key: string

  before(async () => {
    control = await start(started, 'control', '--port', '0')
    const link = ['--control', control.consoleUrl]
    const resizer = await start(started, 'resizer', ...link, '--resizer-port', '0')
    const upstream = ['--upstream', resizer.resizerUrl]
    edge = (await start(started, 'edge', ...link, ...upstream, '--edge-ports', '0')).edges[0]!
    key = await control.adminKey()
    await withoutAutomatic(control, key)
    await upload('flat', 'flat1', 'spinset')
    api = `${control.consoleUrl}/api/v1/projects/demo/invalidations`
  })
  after(async () => {
    for (const each of started.toReversed()) await each.stop()
  })

  async function upload(...ids: readonly string[]): Promise<void> {
    const create = { width: 200, height: 100, channels: 3, background: 'red' } as const
    const body = new Blob([Uint8Array.from(await sharp({ create }).png().toBuffer())])
    for (const id of ids) {
      const url = `${control.consoleUrl}/api/v1/projects/demo/assets/${id}`
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'image/png' }
      const answer = await fetch(url, { method: 'PUT', headers, body })
      assert.equal(answer.status, 201, await answer.text())
    }
  }

  async function look(path: string): Promise<{ status: string; mark: number }> {
    const answer = await fetch(edge + path)
    await answer.arrayBuffer()
    assert.equal(answer.status, 200)
    const status = answer.headers.get('cache-status') ?? ''
    return { status, mark: Number(answer.headers.get('sluice-mark')) }
  }

  async function submit(
    lines: readonly string[],
    query = '',
  ): Promise<{ id: string; seq: number }> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' }
    const answer = await fetch(api + query, { method: 'POST', headers, body: lines.join('\n') })
    assert.equal(answer.status, 202, await answer.clone().text())
    const { id } = (await answer.json()) as { id: string }
    const deadline = performance.now() + DONE_MS
    for (;;) {
      const state = await fetch(`${api}/${id}`, { headers: { authorization: `Bearer ${key}` } })
      const { status, seq } = (await state.json()) as { status: string; seq: number }
      if (status === 'Done') return { id, seq }
      assert.ok(!status.startsWith('ERROR') && performance.now() < deadline, status)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }

  /** The first of them stands at its beginning, the others at its end. */
  function longList([first, ...rest]: readonly string[]): readonly string[] {
    const filler = Array.from({ length: 20_000 }, (_, at) => `/is/image/demo/none-${at}?wid=9`)
    return [first!, ...filler, ...rest].map((path) => edge + path)
  }

  test('what it names is fetched anew after Done, wherever in the list it stands; the rest stays a HIT', async () => {
    const named = ['/is/image/demo/flat?wid=100', '/is/image/demo/flat1?wid=100']
    const other = '/is/image/demo/spinset?wid=100'
    for (const path of [...named, other, ...named, other]) await look(path)
    for (const path of [...named, other]) assert.match((await look(path)).status, /hit/)
    const { seq } = await submit(longList(named))
    assert.equal(seq > 8, true, 'more entries than one')
    for (const path of named) {
      const { status, mark } = await look(path)
      assert.doesNotMatch(status, /hit/, path)
      assert.ok(mark >= seq, `${path}: ${mark} < ${seq}`)
    }
    assert.match((await look(other)).status, /hit/)
  })

  test('softly, what it names is shown once more while it is asked after', async () => {
    const named = ['/is/image/demo/flat?wid=120', '/is/image/demo/flat1?wid=120']
    for (const path of [...named, ...named]) await look(path)
    const { seq } = await submit(longList(named), '?mode=soft')
    for (const path of named) {
      const stale = await look(path)
      assert.match(stale.status, /hit.*soft-purged/, path)
      assert.ok(stale.mark < seq, `${path}: ${stale.mark} says that it is new`)
    }
    for (const path of named) await until('it is new', async () => (await look(path)).mark >= seq)
  })
})

describe('a long list and a control that is killed', () => {
  let data: string
  before(async () => {
    data = await mkdtemp(join(tmpdir(), 'sluice-long-'))
  })
  after(() => rm(data, { recursive: true, force: true }))

  const startAgain = () =>
    startRole('control', {
      data,
      args: ['--port', '0'],
      env: { ...env, SLUICE_LEASE_SECONDS: '1' },
    })

  test('in the middle of the purge log: the same invalidation goes on, all of it is logged, and it is Done', async () => {
    const first = await startAgain()
    const key = await first.adminKey()
    const ask =
      (control: Started) =>
      async (route: string, init: RequestInit = {}) => {
        const headers = new Headers(init.headers)
        headers.set('authorization', `Bearer ${key}`)
        const url = `${control.consoleUrl}/api/v1/projects/demo/invalidations${route}`
        return (await fetch(url, { ...init, headers })).json() as Promise<{
          id: string
          status: string
          seq: number | null
        }>
      }
    await addSilentNode(first)
    const urls = Array.from({ length: 100_000 }, (_, at) => `${EDGE}/is/image/demo/p${at}?wid=9`)
    const headers = { 'content-type': 'application/x-ndjson' }
    const accepted = await ask(first)('', { method: 'POST', headers, body: urls.join('\n') })
    assert.equal(accepted.status, 'Received')
    while ((await logHead(first)) < 4) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await ask(first)(`/${accepted.id}`)).seq, null)
    first.child.kill('SIGKILL')
    await first.stop()
    const again = await startAgain()
    try {
      const deadline = performance.now() + DONE_MS
      for (;;) {
        const now = await ask(again)(`/${accepted.id}`)
        if (now.status === 'Done') {
          // Two keys a URL, 4096 in an entry; the pair that was on its way may be there twice.
          assert.ok(now.seq !== null && now.seq >= 49 && now.seq <= 51, String(now.seq))
          break
        }
        assert.ok(performance.now() < deadline, now.status)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      await again.stop()
    }
  })
})

const EDGE = 'http://127.0.0.1:8081'

/** The uploads' own invalidations would come in between. */
async function withoutAutomatic(control: Started, key: string): Promise<void> {
  const answer = await fetch(`${control.consoleUrl}/api/v1/projects/demo`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ automaticInvalidation: false }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

async function logHead(control: Started): Promise<number> {
  const metrics = await (await fetch(`${control.consoleUrl}/metrics`)).text()
  return Number(/^sluice_purge_log_head (\d+)/m.exec(metrics)?.[1] ?? 0)
}

/** A node that registers and never says anything again: each piece waits for it a little. */
async function addSilentNode(control: Started): Promise<void> {
  const node = { id: 'e1', incarnation: 'e1-1', role: 'edge', version: '0', urls: [EDGE] }
  const answer = await fetch(`${control.consoleUrl}/internal/nodes/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sluice-node-secret': env.SLUICE_NODE_SECRET,
    },
    body: JSON.stringify(node),
  })
  assert.equal(answer.status, 200, await answer.text())
}
