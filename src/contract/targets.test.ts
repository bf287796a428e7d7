import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assert as holds, property, string } from 'fast-check'
import { filledIn, placeholdersIn, urlValues, usesTags } from './targets.ts'

const VALUES = urlValues(new URL('http://www.example.com:8080/a/b%20c?d=e&f="g"'))

describe('patterns of requests', () => {
  const cases = [
    ['http://10.0.0.5{target}', 'http://10.0.0.5/a/b%20c?d=e&f=%22g%22'],
    ['http://10.0.0.5{path}{query}', 'http://10.0.0.5/a/b%20c?d=e&f=%22g%22'],
    ['{scheme}://{host}/', 'http://www.example.com:8080/'],
    ['?url={url|encoded}', `?url=${encodeURIComponent(VALUES.url!)}`],
    ['{"files":["{url|json}"]}', `{"files":["${VALUES.url!}"]}`],
    ['{tag}', ''],
    ['{unknown} {url', '{unknown} {url'],
  ] as const
  for (const [pattern, expected] of cases) {
    test(`${pattern} becomes ${expected}`, () => assert.equal(filledIn(pattern, VALUES), expected))
  }

  test('what stands for a value is never read as a pattern again', () => {
    assert.equal(filledIn('{url}', { url: '{tag} $& $1', tag: 'x' }), '{tag} $& $1')
  })

  test('a JSON body stays JSON, whatever the URL', () => {
    holds(
      property(string(), (url) => {
        const body = filledIn('{"files":["{url|json}"]}', { url })
        assert.deepEqual(JSON.parse(body), { files: [url] })
      }),
    )
  })

  test('which placeholders a pattern holds', () => {
    assert.deepEqual(placeholdersIn('{url}{nonsense|json} {"a":1}'), ['url', 'nonsense'])
    const pattern = { method: 'POST', url: 'http://x/', headers: {}, body: null }
    assert.equal(usesTags(pattern), false)
    assert.equal(usesTags({ ...pattern, headers: { xkey: '{tag}' } }), true)
    assert.equal(usesTags({ ...pattern, body: '"{tag|json}"' }), true)
  })
})
