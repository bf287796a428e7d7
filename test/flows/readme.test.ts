import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after, before, describe } from 'node:test'
import { promisify } from 'node:util'

import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { ROOT, readText } from '../support/source-files.ts'

/** Goal: a stranger who copies the commands of the README gets what it says. They run here as they stand there. */

const exec = promisify(execFile)
const DEADLINE_MS = 10_000

/** The commands of a section, a list for each block. Comments and continued lines are not used in the README. */
function blocksOf(section: string): readonly (readonly string[])[] {
  const text = readText('README.md').split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map((match) => match[1]!.trim().split('\n'))
}

describe('the README', { skip: program('curl').skip }, () => {
  let folder: string
  let sluice: Started

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-readme-'))
    sluice = await startServe({ data: path.join(folder, 'data') })
  })

  after(async () => {
    await sluice?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Runs lines in the folder where `data` is, with the ports of this start in place of the usual ones. */
  async function shell(lines: readonly string[]): Promise<string> {
    const script = lines
      .join('\n')
      .replaceAll('http://127.0.0.1:8080', sluice.consoleUrl)
      .replaceAll('http://127.0.0.1:8081', sluice.edges[0]!)
      .replaceAll('npx sluice', `'${process.execPath}' '${path.join(ROOT, 'bin/sluice.mjs')}'`)
    const { stdout } = await exec('bash', ['-euc', script], { cwd: folder })
    return stdout
  }

  const bytes = (name: string): Promise<Buffer> => readFile(path.join(folder, name))

  async function everythingDone(): Promise<void> {
    const until = Date.now() + DEADLINE_MS
    for (;;) {
      const log = await shell(['npx sluice log --json'])
      const { items } = JSON.parse(log) as { items: { status: string }[] }
      if (items.length > 0 && items.every(({ status }) => status === 'Done')) return
      assert.ok(Date.now() < until, log)
    }
  }

  test('curl: replace, still old, invalidate, new', async () => {
    const lines = blocksOf('Try it')[0]!
    const [key, ...curls] = lines
    assert.equal(curls.length, 5)
    const said = await shell([key!, ...curls.slice(0, 4)])
    assert.match(said, /cache-status: sluice-edge; hit/i)
    assert.deepEqual(await bytes('still-old.jpg'), await bytes('before.jpg'))
    await everythingDone()
    const last = await shell([curls[4]!])
    assert.doesNotMatch(last, /cache-status: sluice-edge; hit/i)
    assert.notDeepEqual(await bytes('after.jpg'), await bytes('before.jpg'))
  })

  test('the command line: replace, invalidate, log', async () => {
    const [, lines] = blocksOf('Try it')
    const said = await shell(lines!)
    assert.match(said, /flat is now version \d/)
    assert.match(said, /Done, 1 URL, .* \(evidence: fresh\)\./)
    assert.match(said, /WHEN +STATUS/)
  })

  test('URLs of both dialects are delivered', async () => {
    const paths = [...readText('README.md').matchAll(/^\| `(\/[^`]+)` \|/gm)].map(
      (match) => match[1]!,
    )
    assert.equal(paths.length, 4)
    for (const target of paths) {
      const answer = await fetch(`${sluice.edges[0]}${target}`)
      assert.equal(answer.status, 200, target)
      assert.ok((await answer.arrayBuffer()).byteLength > 0)
    }
  })

  test('everything in the data folder is explained in the reference', async () => {
    const reference = readText('docs/reference/configuration.md')
    const names = (await readdir(sluice.data)).map((name) => name.replace(/-(wal|shm)$/, ''))
    const unexplained = names.filter((name) => !reference.includes(`\`${name}\``))
    assert.deepEqual(unexplained, [])
  })
})
