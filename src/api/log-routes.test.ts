import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { until } from '../../test/support/http.ts'
import { invalidationRow } from '../store/store-suite-rows.ts'

const P = '/api/v1/projects/demo'
const I = `${P}/invalidations`
const urls = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `https://demo.example/is/image/demo/p${at}?wid=9`)
const LINES = { 'content-type': 'application/x-ndjson' }

describe('long lists by API', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  const lines = (raw: string, query = '') =>
    control.call('POST', `${I}${query}`, { raw, headers: LINES })

  test('a URL a line, more than a form takes, options in the query: 202, and listed by page', async () => {
    const answer = await lines(urls(3000).join('\n'), '?note=spring')
    assert.equal(answer.status, 202, answer.text)
    assert.deepEqual([answer.json.urlCount, answer.json.note], [3000, 'spring'])
    assert.equal(answer.headers['location'], `${I}/${answer.json.id}`)
    const page = await control.call('GET', `${I}/${answer.json.id}/urls?limit=2`)
    assert.deepEqual(page.json.items, urls(2))
  })

  test('a wrong line is named with its number, and nothing is purged', async () => {
    const head = await control.store.tables.log.head()
    const answer = await lines([...urls(2), 'https://elsewhere.example/x'].join('\n'))
    assert.equal(answer.status, 422)
    assert.equal(
      answer.json.title,
      'Some URLs are not defined correctly. Please correct and re-submit.',
    )
    assert.deepEqual([answer.json.errors[0].line, answer.json.errors.length], [3, 1])
    assert.equal(await control.store.tables.log.head(), head)
    assert.equal((await lines('')).json.code, 'no-urls')
  })

  test('a soft one says until when the old pictures may be shown', async () => {
    await control.call('PATCH', P, { body: { softSeconds: 20 } })
    const { status, json } = await lines(urls(5000).join('\n'), '?mode=soft')
    assert.deepEqual([status, json.mode], [202, 'soft'])
    const read = async () => (await control.call('GET', `${I}/${json.id}`)).json
    await until('it is Done', async () => (await read()).status === 'Done')
    const done = await read()
    const windowMs = Date.parse(done.evidence.staleUntil) - Date.parse(done.finishedAt)
    assert.equal(windowMs, 20_000)
    const entries = await control.store.tables.log.after(done.seq - 2, 2)
    assert.deepEqual(
      entries.map(({ kind, softMs }) => [kind, softMs]),
      [
        ['packed', 20_000],
        ['packed', 20_000],
      ],
    )
  })

  test('options that are none and lines elsewhere are refused by name', async () => {
    assert.deepEqual((await lines(urls(1)[0]!, '?nope=1')).json.errors[0].pointer, '/nope')
    const mode = await lines(urls(1)[0]!, '?mode=gentle')
    assert.deepEqual([mode.status, mode.json.errors[0].pointer], [400, '/mode'])
    const json = await control.call('POST', `${I}?note=x`, { body: { urls: urls(1) } })
    assert.deepEqual([json.status, json.json.errors[0].pointer], [400, '/note'])
    const preview = await control.call('POST', `${I}/preview`, { raw: 'x', headers: LINES })
    assert.equal(preview.status, 415)
  })

  test('who may only look may not send one', async () => {
    const key = await control.key('demo', 'viewer')
    const answer = await control.call('POST', I, { raw: urls(1)[0]!, headers: LINES, key })
    assert.equal(answer.status, 403)
  })
})

describe('the log as files and texts', () => {
  let control: ControlApi
  const failed = invalidationRow({
    status: 'ERROR_CDN_NODE',
    note: '=1+1, "quoted"',
    failure: 'Failed to invalidate CDN cache. zone: 403',
    finishedAt: '2026-01-01T00:00:02.500Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    targets: [
      {
        id: 'zone',
        tier: 'cdn',
        state: 'failed',
        attempts: 1,
        detail: '403',
        startedAt: null,
        finishedAt: null,
      },
    ],
  })
  before(async () => {
    control = await startControlApi()
    await control.store.transaction('durable', async (tx) => {
      await tx.invalidations.insert(failed, ['https://demo.example/secret?sig=abc'])
      for (let at = 0; at < 1200; at++) await tx.invalidations.insert(invalidationRow(), [])
    })
    await control.call('PATCH', P, { body: { supportUrl: 'https://help.example/' } })
  })
  after(() => control.stop())

  test('CSV has links, targets and duration; a cell that looks like a formula is text', async () => {
    const answer = await control.call('GET', `${I}/export?status=ERROR_CDN_NODE`)
    assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8')
    assert.match(String(answer.headers['content-disposition']), /invalidations-demo\.csv/)
    const [head, row, end] = answer.text.split('\r\n')
    assert.match(head!, /links,targets,finished at,duration in seconds/)
    assert.match(row!, /"'=1\+1, ""quoted""",\d+,zone: failed,2026-01-01T00:00:02.500Z,2.5,1,/)
    assert.equal(end, '')
  })

  test('JSON is the whole log, however many pages that is', async () => {
    const answer = await control.call('GET', `${I}/export?format=json`)
    const { items } = answer.json as { items: readonly { id: string }[] }
    assert.equal(items.length, 1201)
    assert.equal(new Set(items.map(({ id }) => id)).size, 1201)
    const none = await control.call('GET', `${I}/export?format=json&q=nothing-like-it`)
    assert.deepEqual(none.json, { items: [] })
    assert.equal((await control.call('GET', `${I}/export?format=xml`)).status, 400)
  })

  test('a report says what happened and where to ask, without URLs', async () => {
    const answer = await control.call('GET', `${I}/${failed.id}/report`)
    assert.equal(answer.json.supportUrl, 'https://help.example/')
    const { text } = answer.json as { text: string }
    for (const part of [failed.id, 'Sluice ', 'zone (cdn): failed, 1 attempt: 403', 'Took 2.5 s'])
      assert.ok(text.includes(part), `${part} is missing in\n${text}`)
    assert.doesNotMatch(text, /sig=abc/)
  })

  test('a retry keeps how the attempt before it ended', async () => {
    const again = await control.call('POST', `${I}/${failed.id}/retry`)
    assert.equal(again.status, 202)
    const [past] = again.json.pastAttempts
    assert.deepEqual(
      [past.attempt, past.status, past.failure, past.targets[0].detail],
      [1, 'ERROR_CDN_NODE', failed.failure, '403'],
    )
    const report = await control.call('GET', `${I}/${failed.id}/report`)
    assert.match(report.json.text, /Attempt 1: ERROR_CDN_NODE/)
  })
})
