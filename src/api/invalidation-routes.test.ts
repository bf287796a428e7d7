import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'

import { startControlApi } from '../../test/support/control-api.ts'
import type { Answer, CallOptions, ControlApi } from '../../test/support/control-api.ts'

const P = '/api/v1/projects/demo'
const I = `${P}/invalidations`

describe('invalidations by API', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    const picture = await sharp({ create: { width: 8, height: 6, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    for (const id of ['flat', 'shoes/red']) {
      const url = `${P}/assets/${encodeURIComponent(id)}`
      assert.equal((await control.call('PUT', url, { raw: picture })).status, 201)
    }
    await control.call('PUT', `${P}/presets/thumbnail`, { body: { modifiers: 'wid=100' } })
  })
  after(() => control.stop())

  const submit = (body: unknown, options: CallOptions = {}) =>
    control.call('POST', I, { body, ...options })

  test('preview lists every URL with its source and says what submit would answer', async () => {
    const body = { assets: ['flat'], presets: true }
    const { status, json } = await control.call('POST', `${I}/preview`, { body })
    assert.equal(status, 200)
    assert.deepEqual(
      json.urls.map(({ url }: { url: string }) => url),
      [
        'https://demo.example/is/image/demo/flat',
        'https://demo.example/is/image/demo/flat?$thumbnail$',
      ],
    )
    assert.deepEqual(json.urls[0], {
      url: 'https://demo.example/is/image/demo/flat',
      from: 'asset flat',
      covers: 'this path with all its queries',
      served: false,
      lastSeenAt: null,
    })
    assert.equal(json.refusal, null)
    const empty = await control.call('POST', `${I}/preview`, { body: {} })
    assert.equal(empty.json.refusal.title, 'No URL(s) entered to be invalidated.')
  })

  test('submit answers 202 with an address, and it ends in Done with evidence', async () => {
    const submitted = await submit({ assets: ['flat'], renditions: true, note: 'sale' })
    assert.equal(submitted.status, 202)
    assert.equal(submitted.headers['location'], `${I}/${submitted.json.id}`)
    assert.equal(submitted.json.source, 'api')
    assert.equal(submitted.json.createdBy, 'key admin')
    const done = await finished(control, submitted.json.id)
    assert.equal(done.status, 'Done')
    assert.equal(done.note, 'sale')
    const listed = await control.call('GET', `${I}?status=Done,ERROR&q=sale&limit=1`)
    assert.equal(listed.json.items[0].id, done.id)
    const urls = await control.call('GET', `${I}/${done.id}/urls`)
    assert.deepEqual(urls.json.items, ['https://demo.example/is/image/demo/flat'])
    const evidence = await control.call('GET', `${I}/${done.id}/evidence`)
    assert.equal(evidence.json.invalidation.id, done.id)
    assert.equal((await control.call('POST', `${I}/${done.id}/retry`)).json.code, 'not-retryable')
    assert.equal(
      (await control.call('POST', `${I}/${done.id}/cancel`)).json.code,
      'not-cancellable',
    )
  })

  test('the same Idempotency-Key gives the same invalidation, another body is refused', async () => {
    const headers = { 'idempotency-key': 'deploy 42' }
    const first = await submit({ assets: ['flat'] }, { headers })
    const again = await submit({ assets: ['flat'] }, { headers })
    assert.equal(again.json.id, first.json.id)
    const other = await submit({ assets: ['shoes/red'] }, { headers })
    assert.equal(other.status, 409)
    assert.equal(other.json.code, 'idempotency-conflict')
    const long = await submit(
      { assets: ['flat'] },
      { headers: { 'idempotency-key': 'x'.repeat(300) } },
    )
    assert.equal(long.status, 400)
  })

  test('a preview that no longer holds is refused with the difference', async () => {
    const body = { assets: ['flat'], presets: true }
    const { digest } = (await control.call('POST', `${I}/preview`, { body })).json
    await control.call('PUT', `${P}/presets/large`, { body: { modifiers: 'wid=900' } })
    const changed = await submit({ ...body, digest })
    assert.equal(changed.json.code, 'preview-changed')
    assert.deepEqual(changed.json.difference.added, [
      'https://demo.example/is/image/demo/flat?$large$',
    ])
  })

  test("refusals carry the sentences that Dynamic Media's users know, and purge nothing", async () => {
    const head = await control.store.tables.log.head()
    const refused = async (body: unknown, title: string, status: number): Promise<Answer> => {
      const answer = await submit(body)
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.json.title, title)
      return answer
    }
    await refused({}, 'No URL(s) entered to be invalidated.', 422)
    const bad = await refused(
      { urls: ['https://demo.example/is/image/demo/flat', 'ftp://demo.example/x'] },
      'Some URLs are not defined correctly. Please correct and re-submit.',
      422,
    )
    assert.deepEqual(
      bad.json.errors.map(({ url }: { url: string }) => url),
      ['ftp://demo.example/x'],
    )
    await refused({ assets: ['nope'] }, 'Failed to retrieve URL(s) for selected asset(s).', 422)
    assert.equal((await submit({ everything: true })).json.code, 'confirmation-missing')
    assert.equal(await control.store.tables.log.head(), head)
  })

  test('a soft one says until when the old picture may be shown', async () => {
    await control.call('PATCH', '/api/v1/projects/demo', { body: { softSeconds: 20 } })
    const { json } = await submit({ assets: ['flat'], renditions: true, mode: 'soft' })
    assert.equal(json.mode, 'soft')
    const done = await finished(control, json.id)
    const windowMs = Date.parse(done.evidence.staleUntil) - Date.parse(done.finishedAt)
    assert.equal(windowMs, 20_000)
  })

  test('a scheduled one waits and can be cancelled', async () => {
    const scheduleAt = new Date(Date.now() + 3_600_000).toISOString()
    const { json } = await submit({ assets: ['flat'], scheduleAt })
    assert.equal(json.status, 'Scheduled')
    const cancelled = await control.call('POST', `${I}/${json.id}/cancel`)
    assert.equal(cancelled.json.status, 'Cancelled')
  })

  test("another project's invalidation is not there", async () => {
    const { json } = await submit({ assets: ['flat'] })
    for (const path of ['', '/urls', '/evidence', '/events']) {
      const answer = await control.call(
        'GET',
        `/api/v1/projects/other/invalidations/${json.id}${path}`,
      )
      assert.equal(answer.status, 404)
      assert.equal(answer.json.code, 'unknown-invalidation')
    }
  })

  test('the template is kept, checked line by line, and saved over only as it was read', async () => {
    const text = 'https://demo.example/is/image/demo/<ID>?$thumbnail$\nhttps://demo.example/a<ID'
    const { json } = await control.call('GET', `${P}/template`)
    const saved = await control.call('PUT', `${P}/template`, {
      body: { text, version: json.version },
    })
    assert.equal(saved.json.text, text)
    const late = await control.call('PUT', `${P}/template`, {
      body: { text: '', version: json.version },
    })
    assert.equal(late.json.code, 'template-changed')
    const checked = await control.call('POST', `${P}/template/check`, {
      body: { text, assets: ['flat'] },
    })
    assert.deepEqual(checked.json.lines[0].urls, [
      'https://demo.example/is/image/demo/flat?$thumbnail$',
    ])
    assert.equal(checked.json.lines.length, 2)
  })

  test('Home counts, lists what fails, and knows the nodes', async () => {
    const { json } = await control.call('GET', `${P}/overview`)
    assert.ok(json.counts.Done >= 1)
    assert.deepEqual(json.nodes, [])
    assert.equal(json.demo, false)
    const other = await control.call('GET', '/api/v1/projects/other/overview')
    assert.deepEqual(other.json.counts, {})
  })

  test('events tell each step over a socket, the state first', async () => {
    const { json } = await submit({ assets: ['flat'], renditions: true })
    const enough = new AbortController()
    const stream = await control.open(`${I}/${json.id}/events`, { signal: enough.signal })
    assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(stream.headers.get('cache-control'), 'no-store')
    const statuses: string[] = []
    for await (const event of eventsOf(stream)) {
      statuses.push(event.status)
      if (event.status === 'Done') break
    }
    enough.abort()
    assert.equal(statuses.at(-1), 'Done')
  })

  test("a project's stream has its own invalidations alone", async () => {
    const enough = new AbortController()
    const stream = await control.open(`${P}/events`, { signal: enough.signal })
    await control.call('POST', '/api/v1/projects/other/invalidations', {
      body: { everything: true, confirm: 'other' },
    })
    const { json } = await submit({ assets: ['flat'], renditions: true })
    const seen = new Set<string>()
    for await (const event of eventsOf(stream)) {
      seen.add(event.project)
      if (event.id === json.id && event.status === 'Done') break
    }
    enough.abort()
    assert.deepEqual([...seen], ['demo'])
  })
})

interface Seen {
  readonly id: string
  readonly project: string
  readonly status: string
}

async function* eventsOf(stream: Response): AsyncGenerator<Seen> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of stream.body!) {
    text += decoder.decode(piece as Uint8Array, { stream: true })
    const messages = text.split('\n\n')
    text = messages.pop()!
    for (const message of messages) {
      const data = /^event: invalidation\ndata: (.*)$/m.exec(message)
      if (data) yield JSON.parse(data[1]!) as Seen
    }
  }
}

async function finished(control: ControlApi, id: string): Promise<Answer['json']> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const { json } = await control.call('GET', `${I}/${id}`)
    if (json.finishedAt !== null) return json
    assert.ok(performance.now() < deadline, `still ${json.status}`)
    await control.parts.timers.sleep(10)
  }
}
