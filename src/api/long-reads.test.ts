import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { until } from '../../test/support/http.ts'
import { invalidationRow } from '../store/store-suite-rows.ts'

/** Searches by API, which a thread of their own carries out. */

const P = '/api/v1/projects/demo'
const ROWS = 400

async function bodyOf(answer: Response) {
  return (await answer.json()) as { readonly items?: readonly unknown[]; readonly code?: string }
}

describe('searches by API', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    await control.store.transaction('volatile', async (tx) => {
      for (let at = 0; at < ROWS; at++) {
        const row = invalidationRow({ status: 'Done', note: `entry ${at}.` })
        await tx.invalidations.insert(row, [`https://demo.example/is/image/demo/shoe-${at}?wid=9`])
      }
    })
  })
  after(() => control.stop())

  test('find by any part of a URL, page by page', async () => {
    const found: string[] = []
    let cursor = ''
    do {
      const { json } = await control.call('GET', `${P}/invalidations?q=SHOE-1&limit=40${cursor}`)
      found.push(...json.items.map(({ note }: { note: string }) => note))
      cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`
    } while (cursor !== '')
    assert.equal(found.length, 111)
    assert.equal(found[0], 'entry 199.')
    const { json } = await control.call('GET', `${P}/assets?q=nothing`)
    assert.deepEqual(json, { items: [], nextCursor: null })
  })

  test('over many connections at once: some answers, the others are told when to come again', async () => {
    const asked = Array.from({ length: 40 }, (_, at) =>
      control.open(`${P}/invalidations?q=shoe-${at}?`),
    )
    const answers = await Promise.all(asked)
    const refused = answers.filter(({ status }) => status === 503)
    for (const { headers } of refused) assert.equal(headers.get('retry-after'), '1')
    const good = answers.filter(({ status }) => status === 200)
    assert.equal(good.length + refused.length, 40)
    assert.ok(good.length >= 17, `${good.length}`)
    for (const answer of good) assert.equal((await bodyOf(answer)).items?.length, 1)
    for (const answer of refused) assert.equal((await bodyOf(answer)).code, 'too-many-searches')
  })

  test('who goes away before the answer leaves its place to others', async () => {
    const gone = new AbortController()
    const asked = Array.from({ length: 16 }, () =>
      control.open(`${P}/invalidations?q=shoe-`, { signal: gone.signal }).catch(() => null),
    )
    gone.abort()
    await Promise.all(asked)
    await until('somebody else is answered', async () => {
      const answer = await control.open(`${P}/invalidations?q=shoe-7?`)
      return answer.status === 200 && (await bodyOf(answer)).items?.length === 1
    })
  })

  test('the log as a file, searched, is the pages one after the other', async () => {
    const { text } = await control.call('GET', `${P}/invalidations/export?format=json&q=entry`)
    assert.equal(JSON.parse(text).items.length, ROWS)
    const page = await control.open(`${P}/invalidations/export?format=csv&q=shoe-39`)
    assert.equal((await page.text()).trim().split('\r\n').length, 1 + 11)
  })
})
