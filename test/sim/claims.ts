import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BREAKAGES } from './breakages.ts'
import type { Breakage } from './breakage.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What a check needs of the code. */
const COPIED = ['src', 'console', 'test', 'package.json']
const CHECK_TIMEOUT_MS = 300_000
const REASON_LINES = 8

/** The code with one promise broken. */
export function brokenText(code: string, { file, text, becomes }: Breakage): string {
  const [before, after, ...more] = code.split(text)
  if (before === undefined || after === undefined || more.length > 0)
    throw new TypeError(`${file} has not exactly one “${text}”`)
  return before + becomes + after
}

/** Breaks each promise of those claims in a copy of the code, and says whether and why the check that is named for it fails. */
export async function breakAll(
  tell: (line: string) => void,
  claims: ReadonlySet<string> = new Set(),
): Promise<boolean> {
  const copy = await mkdtemp(path.join(tmpdir(), 'sluice-claims-'))
  let all = true
  try {
    for (const name of COPIED)
      await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true })
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'))
    for (const breakage of BREAKAGES) {
      const { claim, broken, check, test } = breakage
      if (claims.size > 0 && !claims.has(claim)) continue
      const why = await seenBy(copy, breakage)
      const verdict = why === undefined ? 'NOT NOTICED' : 'seen to fail'
      tell(`${verdict}: ${claim}: ${broken}: ${check}, “${test}”`)
      if (why !== undefined && why !== '') tell(`  ${why}`)
      all &&= why !== undefined
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  return all
}

/** What the check says when its promise is broken; undefined when it does not fail. */
async function seenBy(copy: string, breakage: Breakage): Promise<string | undefined> {
  const place = path.join(copy, breakage.file)
  const code = await readFile(place, 'utf8')
  await writeFile(place, brokenText(code, breakage))
  try {
    return whyFailed(await outputOf(copy, breakage), breakage.test)
  } finally {
    await writeFile(place, code)
  }
}

/** The reporter tells what failed once where it failed, and at the end once more with the reason under it. */
function whyFailed(output: string, test: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim())
  const failed = lines.findLastIndex((line) => line.startsWith(`✖ ${test}`))
  if (failed < 0) return undefined
  const rest = lines.slice(failed + 1)
  const end = rest.findIndex((line) => /^(?:at |✖ )/.test(line))
  const reason = rest.slice(0, end < 0 ? undefined : end).filter((line) => line !== '')
  return reason.slice(0, REASON_LINES).join(' ')
}

async function outputOf(copy: string, { check, test, alone }: Breakage): Promise<string> {
  const pattern = `--test-name-pattern=${test.replaceAll(/[^\w ]/g, '.')}`
  const args = ['--test', '--test-reporter=spec', ...(alone ? [pattern] : []), check]
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
