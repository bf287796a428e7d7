import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BREAKAGES } from './breakages.ts'
import type { Breakage } from './breakages.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What a check needs of the code. */
const COPIED = ['src', 'test', 'package.json']
const CHECK_TIMEOUT_MS = 300_000

/** The code with one promise broken. */
export function brokenText(code: string, { file, text, becomes }: Breakage): string {
  const [before, after, ...more] = code.split(text)
  if (before === undefined || after === undefined || more.length > 0)
    throw new TypeError(`${file} has not exactly one “${text}”`)
  return before + becomes + after
}

/** Breaks each promise in a copy of the code, and says whether the check that is named for it fails. */
export async function breakAll(tell: (line: string) => void): Promise<boolean> {
  const copy = await mkdtemp(path.join(tmpdir(), 'sluice-claims-'))
  let all = true
  try {
    for (const name of COPIED)
      await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true })
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'))
    for (const breakage of BREAKAGES) {
      const seen = await isSeen(copy, breakage)
      const { claim, broken, check, test } = breakage
      tell(`${seen ? 'seen to fail' : 'NOT NOTICED'}: ${claim}: ${broken}: ${check}, “${test}”`)
      all &&= seen
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  return all
}

async function isSeen(copy: string, breakage: Breakage): Promise<boolean> {
  const place = path.join(copy, breakage.file)
  const code = await readFile(place, 'utf8')
  await writeFile(place, brokenText(code, breakage))
  try {
    const output = await outputOf(copy, breakage.check)
    return output.split('\n').some((line) => line.trim().startsWith(`✖ ${breakage.test}`))
  } finally {
    await writeFile(place, code)
  }
}

async function outputOf(copy: string, check: string): Promise<string> {
  const args = ['--test', '--test-reporter=spec', check]
  const child = spawn(process.execPath, args, {
    cwd: copy,
    timeout: CHECK_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (piece: Buffer) => void (output += piece.toString()))
  await once(child, 'close')
  return output
}
