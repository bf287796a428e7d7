import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import { REFERENCE_PAGES, withTable } from '../scripts/reference.ts'
import { readText, repositoryFiles } from './support/source-files.ts'

const FILES = repositoryFiles()

function variables(text: string): string[] {
  return text.match(/\bSLUICE_[A-Z_]*[A-Z]\b/g) ?? []
}

describe('the reference', () => {
  for (const { file, table } of REFERENCE_PAGES) {
    test(`${file} has exactly the table of the code (node scripts/reference.ts writes it)`, async () => {
      const page = readText(file)
      assert.equal(page, withTable(page, await table()))
    })
  }

  test('every variable that the code reads is documented, and every documented one is read', () => {
    const code = FILES.filter((file) => /^src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    const read = new Set(code.flatMap((file) => variables(readText(file))))
    const documented = new Set(variables(readText('docs/reference/configuration.md')))
    assert.deepEqual([...documented].sort(), [...read].sort())
  })

  test('every metric that the code counts is in a table', async () => {
    const page = readText('docs/reference/metrics.md')
    const code = FILES.filter((file) => /^src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    const counted = code.flatMap(
      (file) => readText(file).match(/(?<=(count|gauge)\(\s*')sluice_\w+/g) ?? [],
    )
    const unknown = counted.filter((name) => !page.includes(`| \`${name}\` |`))
    assert.deepEqual(unknown, [])
  })
})

describe('the documents', () => {
  test('link only to files that exist', () => {
    const documents = FILES.filter((file) => file.endsWith('.md'))
    const dead = documents.flatMap((document) => {
      const folder = document.includes('/') ? document.slice(0, document.lastIndexOf('/') + 1) : ''
      return [...readText(document).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
        .map((match) => new URL(folder + match[1]!, 'file:///').pathname.slice(1))
        .filter(
          (target) =>
            !FILES.includes(target) &&
            !FILES.some((file) => file.startsWith(`${target.replace(/\/$/, '')}/`)),
        )
        .map((target) => `${document} links to ${target}`)
    })
    assert.deepEqual(dead, [])
  })
})
