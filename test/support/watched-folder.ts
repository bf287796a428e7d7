import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { testLibrary } from './asset-library.ts'
import type { TestLibrary } from './asset-library.ts'

/** A library whose project "demo" is a real folder, and the commands that people change folders with. */
export interface Watched extends TestLibrary {
  readonly root: string
  run(command: string, ...args: readonly string[]): void
  hash(id: string): Promise<string | undefined>
  version(id: string): Promise<number | undefined>
}

export async function watched(
  t: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Watched> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-folder-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  const library = await testLibrary(t)
  await library.assets.createProject('demo', {})
  await library.assets.useFolder('demo', root)
  return Object.assign(library, {
    root,
    run: (command: string, ...args: readonly string[]) => runCommand(root, command, args),
    hash: async (id: string) => (await library.assets.get('demo', id))?.hash,
    version: async (id: string) => (await library.assets.get('demo', id))?.version,
  })
}

function runCommand(cwd: string, command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (missing)
      assert.fail(`${command} is not installed: this test needs it (apt install ${command})`)
    throw error
  }
}
