import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

  /** Calls the one function as `npm test` does, with `PATH` as all that there is. */
  async function installPrograms(mayInstall: boolean, PATH: string): Promise<Ended> {
    const call = `import { installPrograms } from './programs.mjs'
      await installPrograms(console.log, ${mayInstall}).catch((error) => {
        console.error(error.message)
        process.exitCode = 1
      })`
    await writeFile(path.join(folder, 'scripts/call.mjs'), call)
    return run('call.mjs', [], { PATH })
  }

  test('prepare names each program that is missing, its package and its reason', async () => {
    const { code, stderr } = await installPrograms(false, '')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^ {2}chromium: the console is tested in a browser \(Debian package chromium\)$/m,
    )
    assert.match(stderr, /^ {2}rsync: .* \(Debian package rsync\)$/m)
    assert.match(stderr, /apt-get install chromium rsync varnish curl$/m)
  })

  test('prepare installs what is missing with apt, after an update where the lists are old', async () => {
    const bin = path.join(folder, 'bin')
    await mkdir(bin)
    const apt = `#!${process.execPath}
      import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
      appendFileSync('${folder}/apt.log', process.argv.slice(2).join(' ') + '\\n')
      if (process.argv[3] === 'update') writeFileSync('${folder}/updated', '')
      else if (!existsSync('${folder}/updated')) process.exit(100)
      else for (const name of process.argv.slice(6)) {
        const file = name === 'varnish' ? 'varnishd' : name
        writeFileSync('${bin}/' + file, '', { mode: 0o755 })
      }
    `
    await writeFile(path.join(bin, 'apt-get'), apt, { mode: 0o755 })
    await writeFile(path.join(bin, 'curl'), '', { mode: 0o755 })
    const first = await installPrograms(true, bin)
    assert.deepEqual(
      [first.code, first.stdout],
      [0, 'installing chromium, rsync, varnish with apt\n'],
      first.stderr,
    )
    const install = '-q install -y --no-install-recommends chromium rsync varnish'
    const log = await readFile(path.join(folder, 'apt.log'), 'utf8')
    assert.deepEqual(log.trimEnd().split('\n'), [install, '-q update', install])
    assert.deepEqual(await installPrograms(true, bin), { code: 0, stdout: '', stderr: '' })
  })
})
