import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { afterEach, beforeEach, describe } from 'node:test'

import { ROOT } from './support/source-files.ts'

/** Goal: the scripts that run before and around everything else, each in a small checkout of its own. */

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

describe('scripts', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-scripts-'))
    await cp(path.join(ROOT, 'scripts'), path.join(folder, 'scripts'), { recursive: true })
    const manifest = { name: 'small', version: '1.0.0', type: 'module' }
    const lock = { ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest))
    await writeFile(path.join(folder, 'package-lock.json'), JSON.stringify(lock))
    await mkdir(path.join(folder, 'src'))
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  function run(
    script: string,
    args: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Ended> {
    // What says "you run inside a test" must not reach a runner that is tested.
    const { NODE_TEST_CONTEXT: _inside, ...outer } = process.env
    const options = { cwd: folder, env: { ...outer, ...env } }
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [path.join(folder, 'scripts', script), ...args],
        options,
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        },
      )
    })
  }

  const testFile = (name: string, text: string): Promise<void> =>
    writeFile(
      path.join(folder, 'src', `${name}.test.ts`),
      `import test, { describe } from 'node:test'\n${text}`,
    )

  test('test counts what passed, failed and was skipped, and fails if anything failed', async () => {
    await testFile('good', `describe('a', () => { test('b', () => {}); test('c', () => {}) })`)
    const good = await run('test.ts')
    assert.deepEqual(
      [good.code, good.stdout.trimEnd().split('\n').at(-1)],
      [0, '2 passed, 0 failed, 0 skipped'],
    )

    await testFile(
      'mixed',
      `test('d', { skip: 'no chromium' }, () => {}); test('e', () => { throw new TypeError('no') })`,
    )
    await testFile('broken', 'nonsense()')
    const all = await run('test.ts')
    assert.equal(all.code, 1)
    assert.match(
      all.stdout,
      /\nskipped src\/mixed\.test\.ts: d: no chromium\n2 passed, 2 failed, 1 skipped\n$/,
    )

    const chosen = await run('test.ts', ['src/good'])
    assert.deepEqual(
      [chosen.code, chosen.stdout.trimEnd().split('\n').at(-1)],
      [0, '2 passed, 0 failed, 0 skipped'],
    )
    assert.equal((await run('test.ts', ['src/none'])).code, 1)
  })

  test('prepare says nothing and does nothing when all is there', async () => {
    await mkdir(path.join(folder, 'node_modules'))
    await writeFile(path.join(folder, 'node_modules/.package-lock.json'), '{"packages":{}}')
    assert.deepEqual(await run('prepare.mjs', ['deps']), { code: 0, stdout: '', stderr: '' })
  })

  test('prepare names each program that is missing, its package and its reason', async () => {
    // An empty PATH hides every program, apt among them.
    const call = `import { installPrograms } from './programs.mjs'
      await installPrograms(() => {}).catch((error) => { console.error(error.message); process.exitCode = 1 })`
    await writeFile(path.join(folder, 'scripts/call.mjs'), call)
    const { code, stderr } = await run('call.mjs', [], { PATH: '' })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^ {2}chromium: the console is tested in a browser \(Debian package chromium\)$/m,
    )
    assert.match(stderr, /^ {2}rsync: .* \(Debian package rsync\)$/m)
    assert.match(stderr, /apt-get install chromium rsync curl$/m)
  })
})
