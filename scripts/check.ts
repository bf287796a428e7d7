/** Format, lint, types, structure and the lock: seconds, no services. `npm run check`. */
import { spawn } from 'node:child_process'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '..')

interface Check {
  readonly name: string
  readonly command: readonly string[]
  /** What to do when it fails. */
  readonly cure: string
}

const CHECKS: readonly Check[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'], cure: 'npx oxfmt' },
  {
    name: 'lint',
    command: ['oxlint', '--type-aware', '--deny-warnings'],
    cure: 'mend each line, or explain an exception beside it',
  },
  { name: 'types', command: ['tsc', '-p', '.'], cure: 'mend each line' },
  { name: 'types of the console', command: ['tsc', '-p', 'console'], cure: 'mend each line' },
  {
    name: 'structure',
    command: ['node', '--test', 'test/structure.test.ts'],
    cure: 'STYLE.md has the rules, the failing line names the file',
  },
  {
    name: 'lock',
    command: ['npm', 'ci', '--dry-run', '--ignore-scripts'],
    cure: 'package.json and the lock disagree: npm install',
  },
]

/** Two at a time: the machines that run this have few cores, and a check waits little. */
const CONCURRENCY = 2

async function runCheck(check: Check): Promise<boolean> {
  const [program, ...args] = check.command
  const started = Date.now()
  const bin = path.join(ROOT, 'node_modules/.bin')
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` }
  const child = spawn(program!, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => output.push(piece))
  child.stderr.on('data', (piece: Buffer) => output.push(piece))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  if (code === 0) process.stdout.write(`ok    ${check.name} (${seconds} s)\n`)
  else {
    process.stdout.write(Buffer.concat(output))
    process.stdout.write(`FAIL  ${check.name} (${seconds} s): ${check.cure}\n`)
  }
  return code === 0
}

const waiting = [...CHECKS]
const failed: string[] = []
const worker = async (): Promise<void> => {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    if (!(await runCheck(check))) failed.push(check.name)
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, worker))
if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}
