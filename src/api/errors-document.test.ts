import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

import { PROBLEM_CODES } from './problems.ts'

const DOCUMENT = new URL('../../docs/reference/errors.md', import.meta.url)

async function documented(): Promise<Set<string>> {
  const text = await readFile(DOCUMENT, 'utf8')
  const rows = [...text.matchAll(/^\| `([\w-]+)` \| (\d{3}) \| (.+) \|$/gm)]
  return new Set(rows.map(([, code, status]) => `${code} ${status}`))
}

test('every code that the API may answer with is documented with its status', async () => {
  const known = await documented()
  const missing = PROBLEM_CODES.filter(({ code, status }) => !known.has(`${code} ${status}`))
  assert.deepEqual(missing, [])
})

test('every documented code is one that the API may answer with', async () => {
  const real = new Set(PROBLEM_CODES.map(({ code, status }) => `${code} ${status}`))
  const invented = [...(await documented())].filter((row) => !real.has(row))
  assert.deepEqual(invented, [])
})
