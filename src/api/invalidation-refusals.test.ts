import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, beforeEach, describe, test } from 'node:test'
import sharp from 'sharp'

import { startControlApi } from '../../test/support/control-api.ts'
import type { Answer, ControlApi } from '../../test/support/control-api.ts'
import { until } from '../../test/support/http.ts'

/** What people type where a URL, a template line or an id is wanted: each row is named with its reason, and nothing is purged. */

const P = '/api/v1/projects/demo'
const I = `${P}/invalidations`
const BASE = 'https://demo.example/is/image/demo'
const DEFINED = 'Some URLs are not defined correctly. Please correct and re-submit.'
const RETRIEVE = 'Failed to retrieve URL(s) for selected asset(s).'

const BAD_URLS: readonly (readonly [what: string, url: string, reason: RegExp])[] = [
  ['javascript:', 'javascript:alert(1)', /does not begin with http/],
  ['no scheme but a host', '//demo.example/is/image/demo/a', /does not begin with http/],
  ['no scheme', 'demo.example/is/image/demo/a', /does not begin with http/],
  ['a bare word', 'flat', /does not begin with http/],
  ['ftp:', 'ftp://demo.example/is/image/demo/a', /does not begin with http/],
  ['data:', 'data:text/html,<b>', /</],
  ['a user', 'https://me@demo.example/is/image/demo/a', /user name/],
  ['a user with a password', 'https://me:pw@demo.example/is/image/demo/a', /user name/],
  ['a fragment', `${BASE}/a#top`, /fragment/],
  ['9,000 characters', `${BASE}/${'a'.repeat(9000)}`, /9\d{3} characters long; .* at most 8192/],
  [
    "somebody's international name",
    'https://bücher.example/is/image/demo/a',
    /not a host of this project/,
  ],
  [
    "somebody's IPv6 address",
    'https://[2001:db8::1]/is/image/demo/a',
    /not a host of this project/,
  ],
  ['a broken IPv6 address', 'https://[::1/is/image/demo/a', /no valid host/],
  ['no host', 'https:///is/image/demo/a', /no valid host/],
  [
    'another company',
    'https://demo.example/is/image/other/a',
    /company "other", which is not this project's/,
  ],
  ['another host', 'https://elsewhere.example/is/image/demo/a', /not a host of this project/],
  [
    '/is/image/ alone',
    'https://demo.example/is/image/',
    /names no company and no asset: write \/is\/image\/demo\//,
  ],
  ['a company alone', `${BASE}/`, /names no asset/],
  [
    '/is/../',
    'https://demo.example/is/../etc/passwd',
    /No project is delivered at this host and path/,
  ],
  ['/is/image/ with dots', `${BASE}/../other/a`, /part \.\./],
  ['encoded dots', `${BASE}/%2e%2e/a`, /part \.\./],
  [
    "another project's token",
    'https://other-token.example/sample.li/a.jpg',
    /not a host of this project/,
  ],
  [
    "another project's token in the path",
    'https://demo.example/_t/other-token/sample.li/a.jpg',
    /token "other-token"/,
  ],
  ['a half escape', `${BASE}/a%2`, /percent-encoded/],
  ['bytes that are no text', `${BASE}/%ff`, /percent-encoded/],
  ['an encoded NUL', `${BASE}/a%00b`, /control character/],
  ['a line break', `${BASE}/a\n${BASE}/b`, /control character/],
  ['a template line', `${BASE}/<ID>`, /templates only/],
  ['two on a line', `${BASE}/a ${BASE}/b`, /two URLs/],
  ['a modifier that is none', `${BASE}/a?wid=-1`, /wid/],
]

describe('what is refused', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    await control.call('PATCH', P, {
      body: {
        automaticInvalidation: false,
        tokens: ['doc'],
        aliases: ['Shop'],
        hosts: ['img.demo.example', 'bücher.demo.example'],
      },
    })
    await control.call('PATCH', '/api/v1/projects/other', { body: { tokens: ['other-token'] } })
    const picture = await sharp({ create: { width: 4, height: 3, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    for (const id of ['flat', 'spinset', 'a b', 'ü', '#', '%', '?']) {
      const url = `${P}/assets/${encodeURIComponent(id)}`
      assert.equal((await control.call('PUT', url, { raw: picture })).status, 201, id)
    }
  })
  after(() => control.stop())
  // The walk must not run into the limit of requests.
  beforeEach(() => control.advance(10_000))

  const preview = async (body: unknown) =>
    (await control.call('POST', `${I}/preview`, { body })).json
  const submit = (body: unknown, key?: string) =>
    control.call('POST', I, { body, ...(key === undefined ? {} : { key }) })

  /** Refused with one of the known sentences, and the log has no new entry. */
  async function refused(body: unknown, status: number, title: string): Promise<Answer> {
    const head = await control.store.tables.log.head()
    const listed = (await control.call('GET', I)).json.items.length
    const answer = await submit(body)
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.json.title, title)
    assert.equal(await control.store.tables.log.head(), head)
    assert.equal((await control.call('GET', I)).json.items.length, listed)
    return answer
  }

  async function refusedChange(body: unknown): Promise<Answer> {
    const head = await control.store.tables.log.head()
    const answer = await submit(body)
    assert.deepEqual([answer.status, answer.json.code], [409, 'preview-changed'])
    assert.equal(await control.store.tables.log.head(), head)
    return answer
  }

  describe('Add URL', () => {
    for (const [what, url, reason] of BAD_URLS) {
      test(what, async () => {
        const good = `${BASE}/flat`
        const { json } = await refused({ urls: [good, url] }, 422, DEFINED)
        assert.equal(json.errors.length, 1)
        assert.deepEqual([json.errors[0].pointer, json.errors[0].url], ['/urls/1', url])
        assert.match(json.errors[0].reason, reason)
        const { problems, refusal } = await preview({ urls: [good, url] })
        assert.deepEqual(problems, json.errors, 'the preview says the same')
        assert.equal(refusal.code, 'bad-urls')
      })
    }

    test('a NUL is refused by the door', async () => {
      const answer = await submit({ urls: [`${BASE}/a\0b`] })
      assert.deepEqual([answer.status, answer.json.code], [400, 'malformed-body'])
    })

    test('each wrong row of many is named, in the order in which it was typed', async () => {
      const urls = BAD_URLS.map(([, url]) => url)
      const { json } = await refused({ urls: [`${BASE}/flat`, ...urls] }, 422, DEFINED)
      assert.deepEqual(
        json.errors.map(({ pointer }: { pointer: string }) => pointer),
        urls.map((_, at) => `/urls/${at + 1}`),
      )
    })

    test("the project's own hosts, alias, token, ports and both schemes are accepted", async () => {
      const urls = [
        'http://demo.example:8080/is/image/Shop/flat?wid=5',
        'https://IMG.demo.example/is/content/demo/flat',
        'https://bücher.demo.example/is/image/demo/flat',
        'https://xn--bcher-kva.demo.example/is/image/demo/flat?wid=7',
        'https://doc.cloud.example/sample.li/a.jpg?w=500',
        `${BASE}/gone-long-ago`,
        `${BASE}/flat:Large`,
      ]
      const { problems, urls: rows } = await preview({ urls })
      assert.deepEqual(problems, [])
      assert.equal(rows.length, urls.length)
      assert.equal((await submit({ urls })).status, 202)
    })
  })

  describe('the template', () => {
    for (const [what, url, reason] of BAD_URLS.filter(([, typed]) => !/[\n<]| http/.test(typed))) {
      test(what, async () => {
        await control.call('PUT', `${P}/template`, { body: { text: `<ID>\n${url}` } })
        const body = { assets: ['flat'], template: true }
        const { json } = await refused(body, 422, DEFINED)
        assert.deepEqual([json.errors[0].line, json.errors[0].url], [2, url])
        assert.match(json.errors[0].reason, reason)
        const check = { text: `<ID>\n${url}`, assets: ['flat'] }
        const { lines } = (await control.call('POST', `${P}/template/check`, { body: check })).json
        assert.deepEqual(
          lines.map(({ problems }: never) => (problems as []).length),
          [0, 1],
        )
        assert.equal(lines[1].problems[0].level, 'error')
      })
    }
  })

  describe('ids', () => {
    test('an id with a blank, umlaut, number sign, percent or question mark forms one URL, encoded once', async () => {
      await control.call('PUT', `${P}/template`, { body: { text: '<ID>?wid=9' } })
      const { urls, problems } = await preview({
        assets: ['a b', 'ü', '#', '%', '?'],
        template: true,
      })
      assert.deepEqual(problems, [])
      assert.deepEqual(
        urls.map(({ url }: { url: string }) => url),
        ['%23', '%25', '%3F', '%C3%BC', 'a%20b'].map((id) => `${BASE}/${id}?wid=9`),
      )
    })

    test('unknown assets are named, with the way out', async () => {
      const body = { assets: ['flat', 'nobody', '../etc', 'x'.repeat(500)] }
      const { json } = await refused(body, 422, RETRIEVE)
      assert.deepEqual(
        json.errors.map(({ pointer }: { pointer: string }) => pointer),
        ['/assets/1', '/assets/2', '/assets/3'],
      )
      assert.match(json.errors[0].reason, /There is no asset nobody: take it out/)
    })

    test('an asset deleted between preview and submit is 409 with the difference', async () => {
      for (const part of [{ presets: true }, { renditions: true }]) {
        const raw = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
          .png()
          .toBuffer()
        await control.call('PUT', `${P}/assets/brief`, { raw })
        const body = { assets: ['flat', 'brief'], ...part }
        const { digest } = await preview(body)
        await control.call('DELETE', `${P}/assets/brief`)
        const { json } = await refusedChange({ ...body, digest })
        assert.deepEqual(json.difference.added, [])
        assert.ok(json.difference.removed.includes(`${BASE}/brief`))
        assert.ok(json.errors.some(({ item }: { item?: string }) => item === 'brief'))
        // What was deleted is invalidated by itself: not while others look whether the log stands still.
        const { changes } = control.store.tables
        const isQuiet = async () => (await changes.due(Number.MAX_SAFE_INTEGER)).length === 0
        await until('the deletion is invalidated', isQuiet)
      }
    })

    test('a type that is never delivered is a problem row if chosen', async () => {
      await control.call('PUT', `${P}/assets/letter.doc`, { raw: 'x' })
      const { json } = await control.call('GET', `${P}/assets/letter.doc`)
      assert.equal(json.url, null)
      assert.match(json.notDelivered, /letter\.doc is a Word file: it is stored, but/)
      const { problems, urls } = await preview({ assets: ['letter.doc', 'flat'] })
      assert.equal(urls.length, 1)
      assert.deepEqual([problems[0].pointer, problems[0].item], ['/assets/0', 'letter.doc'])
      assert.match(problems[0].reason, /a Word file/)
    })
  })

  describe('the sentences', () => {
    test('no publish server or company: Failed to retrieve URL(s) for selected asset(s).', async () => {
      await control.call('PATCH', P, { body: { publishServer: null } })
      const { json } = await refused({ assets: ['flat'] }, 409, RETRIEVE)
      assert.match(json.detail, /publish server/)
      await control.call('PATCH', P, {
        body: { publishServer: 'https://demo.example', company: null },
      })
      assert.match((await refused({ assets: ['flat'] }, 409, RETRIEVE)).json.detail, /company/)
      await control.call('PATCH', P, { body: { company: 'demo' } })
    })

    test('assets that cannot be read: Failed to retrieve URL(s) for selected asset(s)., and to be tried again', async () => {
      const database = new DatabaseSync(join(control.folder, 'sluice.db'))
      database.exec('alter table assets rename to assets_elsewhere')
      try {
        const head = await control.store.tables.log.head()
        const answer = await submit({ assets: ['flat'], urls: [`${BASE}/flat`] })
        assert.deepEqual([answer.status, answer.json.code], [503, 'store-unreadable'])
        assert.equal(answer.json.title, RETRIEVE)
        assert.match(answer.json.detail, /Nothing was purged: try again/)
        assert.equal(await control.store.tables.log.head(), head)
      } finally {
        database.exec('alter table assets_elsewhere rename to assets')
        database.close()
      }
      assert.equal((await submit({ assets: ['flat'] })).status, 202)
    })

    test('an empty list: No URL(s) entered to be invalidated.', async () => {
      await refused({}, 422, 'No URL(s) entered to be invalidated.')
      await refused({ urls: ['', '  '] }, 422, 'No URL(s) entered to be invalidated.')
      const all = { assets: ['flat'], exclude: [`${BASE}/flat`] }
      await refused(all, 422, 'No URL(s) entered to be invalidated.')
    })

    test('1,000 URLs pass, 1,001 do not, counted after doubles are removed, formed and added together', async () => {
      const typed = (count: number) =>
        Array.from({ length: count }, (_, at) => `${BASE}/x?wid=${at + 1}`)
      const { refusal } = await preview({ urls: [...typed(999), ...typed(5)], assets: ['flat'] })
      assert.equal(refusal, null)
      const { json } = await refused({ urls: typed(1000), assets: ['flat'] }, 422, 'Too many URLs.')
      assert.match(json.detail, /has 1001 URLs; at most 1000/)
      const less = { urls: typed(1000), assets: ['flat'], exclude: [`${BASE}/flat`] }
      assert.equal((await submit(less)).status, 202)
      await control.call('PATCH', P, { body: { maxUrlsPerInvalidation: 2000 } })
      assert.equal((await preview({ urls: typed(1000), assets: ['flat'] })).refusal, null)
    })
  })

  describe('roles', () => {
    test('who may edit the template, invalidate and use everything is told, with the reason', async () => {
      for (const [role, allowed] of [
        ['viewer', [false, false, false]],
        ['editor', [true, true, false]],
        ['admin', [true, true, true]],
      ] as const) {
        const key = await control.key('demo', role)
        const me = (await control.call('GET', '/api/v1/me', { key })).json.projects[0].may
        assert.deepEqual(me, (await control.call('GET', P, { key })).json.may)
        const asked = [me.editTemplate, me.invalidate, me.everything]
        assert.deepEqual(
          asked.map((each) => each.allowed),
          allowed,
        )
        for (const { allowed: may, needs, reason } of asked) {
          if (may) assert.equal(reason, null)
          else
            assert.equal(
              reason,
              `Your role here is ${role}; this needs the role ${needs}. Ask an admin of the project.`,
            )
        }
      }
    })

    test('what is told is what the server does', async () => {
      const everything = { everything: true, confirm: 'demo' }
      for (const role of ['viewer', 'editor', 'admin'] as const) {
        const key = await control.key('demo', role)
        const { may } = (await control.call('GET', P, { key })).json
        const did = {
          editTemplate: await control.call('PUT', `${P}/template`, { key, body: { text: '<ID>' } }),
          invalidate: await submit({ urls: [`${BASE}/flat`] }, key),
          everything: await submit(everything, key),
        }
        for (const [name, answer] of Object.entries(did)) {
          assert.equal(answer.status < 300, may[name].allowed, `${role} ${name}: ${answer.text}`)
          if (answer.status >= 300) assert.equal(answer.json.code, 'forbidden')
        }
        const body = { scope: 'all' }
        const theirs = await control.call('POST', '/invalidate', {
          key: null,
          body,
          headers: { 'x-client-key': key },
        })
        assert.equal(theirs.status < 300, may.everything.allowed, theirs.text)
      }
    })
  })
})
