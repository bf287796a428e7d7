import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import test, { describe } from 'node:test'
import { ROOT, parseSource, readText, repositoryFiles } from './support/source-files.ts'
import type { SourceFile } from './support/source-files.ts'
import * as rules from './support/source-rules.ts'

const FILES = repositoryFiles()
const SOURCES = FILES.filter((file) =>
  /^(src|test|bench|scripts|console)\/.*\.tsx?$/.test(file),
).map((file) => parseSource(file, readText(file)))

/** Where programs begin. What none of them reaches is dead, or was forgotten in the composition root. */
const ROOTS = [
  'src/main.ts',
  'src/invalidation/bulk-thread.ts',
  'src/store/read-thread.ts',
  'test/sim/sim.ts',
  'test/soak/soak.ts',
  // Run as a program by a test, to be killed.
  'test/support/busy-library.ts',
  'bench/bench.ts',
  'scripts/test.ts',
  'scripts/check.ts',
  'scripts/reference.ts',
  'scripts/picture.ts',
  'scripts/screenshots.ts',
  'console/src/main.tsx',
  'console/vite.config.ts',
]

/** Words that say where a text was made instead of what it means. Files that must name them for others are left out. */
const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: "a path of somebody's machine",
    pattern: /(?<![\w.~-])\/(home|root|Users|work|farm)\/\w/,
  },
  { what: 'a package registry', pattern: /registry\.\w+js\.(org|com)|deb\.\w+\.org/ },
  { what: 'an unfinished place', pattern: /\b(FIX[M]E|XX[X])\b/ },
]
const BINARY = /\.(png|jpe?g|webp|avif|gif|pdf|mp4|webm|ico|woff2|ttf|otf|icc|bin)$/

function all(rule: (file: SourceFile) => string[]): string[] {
  return SOURCES.flatMap(rule)
}

/** A function of so many lines. */
function functionOf(lines: number): string {
  return `function f(): void {\n${'  g()\n'.repeat(lines - 2)}}\n`
}

describe('the source', () => {
  test('imports from its own room or a room below', () => {
    assert.deepEqual(all(rules.roomProblems), [])
  })

  test('keeps files and functions small', () => {
    assert.deepEqual(all(rules.sizeProblems), [])
  })

  test('takes time, chance and the environment as parts', () => {
    assert.deepEqual(all(rules.bannedProblems), [])
  })

  test('has no default exports, barrels, bare errors or nameless files', () => {
    assert.deepEqual(all(rules.exportProblems), [])
  })

  test('has no file that nothing reaches', () => {
    const tests = SOURCES.map((file) => file.path).filter((file) => /\.test\.tsx?$/.test(file))
    const production = rules.reachable(SOURCES, ROOTS)
    const everything = rules.reachable(SOURCES, [...ROOTS, ...tests])
    const orphans = SOURCES.map((file) => file.path).filter((file) =>
      rules.isTest(file) ? !everything.has(file) : !production.has(file) && !file.endsWith('.d.ts'),
    )
    assert.deepEqual(orphans, [])
  })
})

describe('the repository', () => {
  test('speaks of itself alone', () => {
    const problems = FILES.filter((file) => !BINARY.test(file)).flatMap((file) => {
      const lines = readText(file).split('\n')
      return FORBIDDEN.flatMap(({ what, pattern }) =>
        lines.flatMap((line, at) =>
          pattern.test(line) ? [`${file}:${at + 1}: names ${what}`] : [],
        ),
      )
    })
    assert.deepEqual(problems, [])
  })

  test('has a lock that any registry can serve', () => {
    assert.doesNotMatch(readText('package-lock.json'), /"resolved": "http/)
  })

  test('has every file that its documents name', () => {
    const documents = FILES.filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md')
    const missing = documents.flatMap((document) =>
      [...readText(document).matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)]
        .map((match) => match[1]!)
        .filter((name) => /\.(tsx?|mjs|md|conf|service)$|^(src|test)\/.*\/$/.test(name))
        .filter(
          (name) =>
            !['', 'src', path.dirname(document)].some((folder) =>
              existsSync(path.join(ROOT, folder, name)),
            ),
        )
        .map((name) => `${document}: ${name}`),
    )
    assert.deepEqual(missing, [])
  })
})

describe('the rules see', () => {
  test('an import upwards, also of a type and on demand', () => {
    const upwards = [
      `import { createApi } from '../api/api.ts'`,
      `import type { Api } from '../api/api.ts'`,
      `export { createApi } from '../api/api.ts'`,
      `export const load = () => import('../api/api.ts')`,
      `import { start } from '../app.ts'`,
    ]
    for (const text of upwards)
      assert.equal(rules.roomProblems(parseSource('src/edge/x.ts', text)).length, 1, text)
    const fine = parseSource(
      'src/edge/x.ts',
      `import { judge } from '../cache/judge.ts'\nimport './y.ts'`,
    )
    assert.deepEqual(rules.roomProblems(fine), [])
    const inBrowser = parseSource('src/contract/x.ts', `import { hash } from 'node:crypto'`)
    assert.equal(rules.roomProblems(inBrowser).length, 1)
  })

  test('each banned call, but not in a comment, a string, the kernel or a test', () => {
    const calls = [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'setTimeout(f, 1)',
      'performance.now()',
      'process.env.X',
    ]
    for (const call of calls) {
      const text = `export const x = ${call} // ${call}\nexport const y = '${call}'`
      assert.equal(rules.bannedProblems(parseSource('src/edge/x.ts', text)).length, 1, call)
      assert.deepEqual(rules.bannedProblems(parseSource('src/kernel/x.ts', text)), [])
      assert.deepEqual(rules.bannedProblems(parseSource('src/edge/x.test.ts', text)), [])
    }
    const given = parseSource('src/edge/x.ts', 'export const at = (ms: number) => new Date(ms)')
    assert.deepEqual(rules.bannedProblems(given), [])
  })

  test('a function of 71 lines and a file of 401', () => {
    assert.equal(rules.sizeProblems(parseSource('src/edge/x.ts', functionOf(71))).length, 1)
    assert.deepEqual(rules.sizeProblems(parseSource('src/edge/x.ts', functionOf(70))), [])
    assert.equal(
      rules.sizeProblems(parseSource('src/edge/x.ts', '// line\n'.repeat(401))).length,
      1,
    )
  })

  test('default exports, export *, bare errors and nameless files', () => {
    const texts = ['export default 1', `export * from './y.ts'`, `throw new Error('no')`]
    for (const text of texts)
      assert.equal(rules.exportProblems(parseSource('src/edge/x.ts', text)).length, 1, text)
    assert.equal(rules.exportProblems(parseSource('src/edge/utils.ts', '')).length, 1)
    assert.equal(rules.exportProblems(parseSource('src/edge/CamelCase.ts', '')).length, 1)
  })

  test('what roots reach, through any number of files', () => {
    const files = [
      parseSource('src/main.ts', `import { a } from './edge/a.ts'`),
      parseSource('src/edge/a.ts', `import { b } from './b.ts'`),
      parseSource('src/edge/b.ts', ''),
      parseSource('src/edge/lost.ts', `import { a } from './a.ts'`),
    ]
    const reached = rules.reachable(files, ['src/main.ts'])
    assert.deepEqual([...reached].sort(), ['src/edge/a.ts', 'src/edge/b.ts', 'src/main.ts'])
  })
})
