import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { CLOUDIMAGE_GRAMMARS, CLOUDIMAGE_SYNONYMS } from './cloudimage-commands.ts'
import { DYNAMIC_MEDIA_GRAMMARS } from './dynamic-media-commands.ts'

const PAGE = path.join(import.meta.dirname, '../../docs/reference/delivery-urls.md')

/** Names in the first column of the tables under a heading. */
function documented(heading: string): readonly string[] {
  const text = readFileSync(PAGE, 'utf8')
  const section = text.split(/^## /m).find((each) => each.startsWith(heading)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) =>
    [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  )
}

const names = (known: object) => Object.keys(known).toSorted()

it('every command that is understood is documented, and no other', () => {
  assert.deepEqual(documented('Dynamic Media').toSorted(), names(DYNAMIC_MEDIA_GRAMMARS))
  const operations = { ...CLOUDIMAGE_GRAMMARS, ...CLOUDIMAGE_SYNONYMS }
  assert.deepEqual(documented('Cloudimage').toSorted(), names(operations))
})
