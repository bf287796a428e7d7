import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { checkUrl, deliveryNames } from './url-check.ts'
import { PROJECT } from './workbench-suite.ts'

const SERVER = 'http://my.publishserver.com:8080'
const BASE = `${SERVER}/is/image/dms7snapshot`
const known = deliveryNames(PROJECT, [])

/** Whoever is refused is told what is wrong and what to write instead: the second half stands behind a colon. */
describe('why a URL cannot be invalidated, and the way out', () => {
  const cases: readonly (readonly [url: string, reason: string])[] = [
    [
      `${SERVER}/is/image/`,
      'It names no company and no asset: write /is/image/dms7snapshot/ and an id.',
    ],
    [`${BASE}/`, 'The path names no asset: write the asset’s id behind the company.'],
    [`${BASE}/..`, 'The path has a part ..: leave it out, nothing is delivered by such a path.'],
    [`${BASE}/a//b`, 'The path has an empty part: write one slash where there are two.'],
    [`${BASE}/50%`, 'The path is not percent-encoded UTF-8: write % as %25, and letters as UTF-8.'],
    [`${BASE}/a%00`, 'The path has a control character: leave out what begins with %0, %1 or %7F.'],
    [
      `${BASE}/a,b`,
      'The path has a comma, which no asset id holds: look up the id on the page Assets.',
    ],
    [
      `${SERVER}/is/../a`,
      'No project is delivered at this host and path: a path begins with /is/image/ or /is/content/.',
    ],
    [`${BASE}/a?layer=1`, 'layer is not supported: leave it out.'],
    [`${BASE}/a?wid=0`, 'wid must be a whole number from 1 to 3000.'],
  ]
  for (const [url, reason] of cases) {
    test(url, () => {
      const checked = checkUrl(url, known)
      assert.equal(checked.ok ? 'accepted' : checked.reason, reason)
    })
  }

  test('9,000 characters', () => {
    const checked = checkUrl(`${BASE}/${'a'.repeat(9000 - BASE.length - 1)}`, known)
    const reason =
      'It is 9000 characters long; a URL has at most 8192: shorten it, or invalidate its asset.'
    assert.equal(checked.ok ? 'accepted' : checked.reason, reason)
  })
})
