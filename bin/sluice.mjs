#!/usr/bin/env node
/**
 * The command `sluice`, started by whatever Node the system has (20 or later): finds Node 24 and hands over to it. In a
 * checkout it first installs what is missing; as an installed package it runs the compiled files.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
/** Commands that serve the console, so that a checkout must have built it. */
const WITH_CONSOLE = new Set(['serve', 'control'])
/** At a terminal, Ctrl-C reaches the child by itself; handed on as well, it would count as a second, impatient one. */
const SIGNALS = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Without a listener the signal would end this process before the child has drained. */
function wait() {}

function fail(line) {
  process.stderr.write(`sluice: ${line}\n`)
  process.exit(2)
}

function node24() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`
    const found = createRequire(import.meta.url).resolve(name)
    return path.join(path.dirname(found), 'bin/node')
  } catch {
    if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath
    return undefined
  }
}

/** Only a checkout has sources; a published package has `dist` alone. */
/**
 * glibc keeps what the renderers' threads freed, in one arena a thread: a first start rests at 450 MB without these and at
 * 250 MB with them (docs/decisions/016-few-malloc-arenas.md). The same stand in package.json, deploy/ and nowhere else.
 */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }

async function entryOf(args) {
  const source = path.join(ROOT, 'src/main.ts')
  if (!existsSync(source)) return path.join(ROOT, 'dist/main.js')
  const installed = existsSync(path.join(ROOT, 'node_modules/.package-lock.json'))
  if (!installed || WITH_CONSOLE.has(args[0]))
    await prepare(WITH_CONSOLE.has(args[0]) ? 'start' : 'deps')
  return source
}

async function prepare(command) {
  const script = path.join(ROOT, 'scripts/prepare.mjs')
  const code = await run(process.execPath, [script, command], ['ignore', 2, 2])
  if (code !== 0) process.exit(2)
}

/** Runs a program, hands signals on to it, and resolves to its exit code as a shell would give it. */
function run(program, args, stdio) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio, env: { ...MALLOC, ...process.env } })
    const handlers = SIGNALS.map((signal) => [signal, () => child.kill(signal)])
    for (const [signal, handler] of handlers) process.on(signal, handler)
    process.on('SIGINT', wait)
    child.once('error', (error) => fail(`cannot run ${program}: ${error.message}`))
    child.once('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler)
      process.off('SIGINT', wait)
      resolve(code ?? 128 + os.constants.signals[signal])
    })
  })
}

const args = process.argv.slice(2)
const entry = await entryOf(args)
const node = node24()
if (!node) {
  fail(
    `needs Node ${NODE_MAJOR}, this is Node ${process.versions.node} and no packaged one was found for ${process.platform}-${process.arch}: install Node ${NODE_MAJOR} from https://nodejs.org`,
  )
}
process.exit(await run(node, [entry, ...args], 'inherit'))
