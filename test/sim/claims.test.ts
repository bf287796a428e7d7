import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BREAKAGES } from './breakages.ts'
import { brokenText } from './claims.ts'
import { DEPARTURES } from './departures.ts'

function read(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8')
}

const PAGE = read('docs/freshness.md').replaceAll(/\s+/g, ' ')

/** What the page argues, without the words that it explains and its tables. */
const ARGUMENT =
  PAGE.slice(PAGE.indexOf('## What is assumed'), PAGE.indexOf('## The parts')) +
  PAGE.slice(PAGE.indexOf('## The argument'), PAGE.indexOf('## Seen to fail'))

function namesIn(pattern: RegExp): ReadonlySet<string> {
  return new Set(Array.from(ARGUMENT.matchAll(pattern), ([, name = '']) => name))
}

/** That each check fails when its promise is broken, `npm run sim -- --claims` shows; here that what it would break is there. */
describe('the page on freshness', () => {
  for (const breakage of BREAKAGES) {
    test(`${breakage.claim}: ${breakage.broken}: can be broken, and names its check`, () => {
      brokenText(read(breakage.file), breakage)
      // A suite has its tests in a file of its own.
      const suite = breakage.check.replace('.test.ts', '-suite.ts').replace('sqlite-store', 'store')
      const tests = [breakage.check, suite, 'src/store/store-suite-invalidations.ts']
      assert.ok(
        tests.some((file) => {
          try {
            return read(file).includes(breakage.test)
          } catch {
            return false
          }
        }),
        `no test “${breakage.test}” in ${breakage.check}`,
      )
      assert.ok(PAGE.includes(breakage.broken), 'the page has it in its table')
      assert.ok(PAGE.includes(breakage.test), 'and the check')
    })
  }

  for (const name of namesIn(/"([^"]+)"/g)) {
    test(`names the check “${name}”, which something is broken for`, () => {
      const beginning = name.replace(/,? …$/, '')
      assert.ok(BREAKAGES.some((breakage) => breakage.test.includes(beginning)))
    })
  }

  for (const file of namesIn(/`([\w/-]+\.test\.ts)`/g)) {
    test(`names ${file}, which something is broken for`, () => {
      assert.ok(BREAKAGES.some(({ check }) => `/${check}`.endsWith(`/${file}`)))
    })
  }

  for (const { name } of DEPARTURES) {
    test(`names the departure “${name}”`, () => {
      assert.ok(PAGE.includes(name))
    })
  }
})
