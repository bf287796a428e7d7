import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after, before, describe } from 'node:test'
import { promisify } from 'node:util'

import { ROOT, readText } from './support/source-files.ts'

/** Goal: what is published, JavaScript without sources, starts by its bin as it does for whoever installs it. */

const exec = promisify(execFile)
const READY_MS = 60_000

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readText('package.json')) as Manifest

describe('the package', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-package-'))
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
    const out = path.join(folder, 'dist')
    // Types are `npm run check`'s business.
    await exec(process.execPath, [
      tsc,
      '-p',
      path.join(ROOT, 'tsconfig.build.json'),
      '--noCheck',
      '--outDir',
      out,
    ])
    await cp(path.join(ROOT, 'bin'), path.join(folder, 'bin'), { recursive: true })
    await cp(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'))
    // Production dependencies alone: an import of anything else fails here.
    await linkDependencies()
  })

  after(() => rm(folder, { recursive: true, force: true }))

  async function linkDependencies(): Promise<void> {
    const lock = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>
    }
    for (const [name, { dev = false }] of Object.entries(lock.packages)) {
      // Nested ones come with the package that they are in.
      if (name === '' || dev || name.lastIndexOf('node_modules/') > 0) continue
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await symlink(path.join(ROOT, name), path.join(folder, name))
    }
  }

  const bin = (): string => path.join(folder, manifest.bin['sluice']!)

  test('its command explains itself', async () => {
    const { stdout } = await exec(process.execPath, [bin(), '--help'])
    assert.match(stdout, /^usage: sluice COMMAND/)
  })

  test('serve starts with production dependencies alone, and stops on SIGTERM with exit code 0', async () => {
    const args = ['serve', '--port', '0', '--edge-ports', '0', '--resizer-port', '0', '--data']
    const child = spawn(process.execPath, [bin(), ...args, path.join(folder, 'data')], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    }
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new assert.AssertionError({ message: said })), READY_MS)
      child.stdout.on('data', () => {
        if (!/^sluice ready console=http/m.test(said)) return
        clearTimeout(timer)
        resolve()
      })
      ended.then(() => reject(new assert.AssertionError({ message: said })), reject)
    })
    child.kill('SIGTERM')
    assert.equal(await ended, 0, said)
  })

  test('holds what it needs and nothing that only a checkout needs', () => {
    assert.deepEqual([...manifest.files].sort(), ['LICENSE', 'README.md', 'bin', 'dist'])
  })
})
