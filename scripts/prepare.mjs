/**
 * Brings a checkout to the state that a command needs: `node scripts/prepare.mjs start|test|check|bench|sim|pack|deps`. Plain
 * JavaScript for the system's Node (20 or later), because npm runs it before there is anything else. Says what it does while it
 * does it, on stderr; does nothing, quickly, when all is there.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installPrograms } from './programs.mjs'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const NODE_MAJOR = 24
const PROGRESS_EVERY_MS = 2000

/** Which commands need what. The console is served by every one that starts a control process. */
const NEEDS = {
  deps: [installPackages],
  check: [installPackages],
  sim: [installPackages],
  start: [installPackages, buildConsole],
  pack: [emptyDist, installPackages, buildConsole],
  bench: [installPackages, buildConsole],
  test: [installPackages, buildConsole, () => installPrograms(say)],
}

class Cure extends Error {}

function say(line) {
  process.stderr.write(`sluice: ${line}\n`)
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/**
 * Compares the lock with npm's own record of what it installed, which npm writes last: an interrupted install, a package
 * added by somebody else and a checkout of another commit all show as a difference.
 */
function packagesMissing() {
  const record = path.join(ROOT, 'node_modules/.package-lock.json')
  const wanted = readJson(path.join(ROOT, 'package-lock.json')).packages
  const got = existsSync(record) ? readJson(record).packages : {}
  return Object.keys(wanted).filter(
    (name) =>
      name !== '' &&
      got[name]?.version !== wanted[name].version &&
      !(wanted[name].optional && !got[name]),
  )
}

async function installPackages() {
  const missing = packagesMissing()
  if (missing.length > 0) {
    say(`installing ${missing.length} packages from the npm registry (about 600 MB on disk, once)`)
    const stop = every(PROGRESS_EVERY_MS, (seconds) => {
      const here = missing.filter((name) =>
        existsSync(path.join(ROOT, name, 'package.json')),
      ).length
      say(`  ${seconds} s: ${here} of ${missing.length} packages`)
    })
    const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
    const code = await run([...npm, 'ci', '--include=dev', '--include=optional']).finally(stop)
    if (code !== 0) {
      throw new Cure(
        `npm ci failed (exit ${code}): mend what it says above (often the network or the disk), then run the same command again`,
      )
    }
  }
  node24()
}

/** The Node that runs TypeScript: the one among the packages, else this one if it is new enough. */
function node24() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`
    const found = createRequire(path.join(ROOT, 'package.json')).resolve(name)
    return path.join(path.dirname(found), 'bin/node')
  } catch (error) {
    if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath
    throw new Cure(
      `there is no Node ${NODE_MAJOR} package for ${process.platform}-${process.arch} and this is Node ${process.versions.node}: install Node ${NODE_MAJOR} from https://nodejs.org and run the same command again`,
      { cause: error },
    )
  }
}

/** Everything that the built console is made of. */
const CONSOLE_SOURCES = ['console', 'src/contract', 'package-lock.json']

function hashOf(sources) {
  const hash = createHash('sha256')
  const visit = (entry) => {
    const full = path.join(ROOT, entry.path)
    if (!entry.directory)
      return void hash.update(`${entry.path}\0`).update(readFileSync(full)).update('\0')
    for (const child of readdirSync(full, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (child.name === 'node_modules' || child.name.endsWith('.test.ts')) continue
      visit({ path: `${entry.path}/${child.name}`, directory: child.isDirectory() })
    }
  }
  for (const source of sources) visit({ path: source, directory: !source.endsWith('.json') })
  return hash.digest('hex')
}

async function buildConsole() {
  const marker = path.join(ROOT, 'dist/console.sources')
  const wanted = hashOf(CONSOLE_SOURCES)
  const built = existsSync(path.join(ROOT, 'dist/console/index.html'))
  if (built && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  say('building the console')
  const started = Date.now()
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js')
  const code = await run([node24(), vite, 'build', 'console', '--logLevel', 'warn'])
  if (code !== 0) throw new Cure(`vite build console failed (exit ${code}): see its message above`)
  mkdirSync(path.dirname(marker), { recursive: true })
  writeFileSync(marker, wanted)
  say(`  built in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

/** What is gone from the sources must be gone from the package. The console looks after itself. */
async function emptyDist() {
  const dist = path.join(ROOT, 'dist')
  if (!existsSync(dist)) return
  for (const name of readdirSync(dist).filter((each) => !each.startsWith('console'))) {
    rmSync(path.join(dist, name), { recursive: true })
  }
}

/** Calls `tell` with the seconds since now, until the returned function is called. */
function every(ms, tell) {
  const started = Date.now()
  const timer = setInterval(() => tell(Math.round((Date.now() - started) / 1000)), ms)
  return () => clearInterval(timer)
}

/** Runs a program in the checkout with its output on stderr; resolves to the exit code. */
function run([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] })
    child.once('error', (error) => reject(new Cure(`cannot run ${program}: ${error.message}`)))
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
}

export async function prepare(command) {
  for (const need of NEEDS[command]) await need()
}

async function main() {
  const command = process.argv[2] ?? 'deps'
  if (!(command in NEEDS))
    throw new Cure(`prepare knows ${Object.keys(NEEDS).join(', ')}, not ${command}`)
  await prepare(command)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    say(error instanceof Cure || error.cure ? error.message : error.stack)
    process.exitCode = 1
  })
}
