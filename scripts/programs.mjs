/**
 * The programs that tests drive and npm does not bring: what runs them, the Debian package, and why. Plain JavaScript for any
 * Node from 20 on.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const PROGRAMS = {
  chromium: {
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    why: 'the console is tested in a browser',
  },
  rsync: {
    names: ['rsync'],
    debian: 'rsync',
    why: 'a watched folder is tested with `rsync --inplace`',
  },
  varnish: {
    names: ['varnishd'],
    debian: 'varnish',
    why: 'purges of a cache outside Sluice are tested with a real one',
  },
  curl: {
    names: ['curl'],
    debian: 'curl',
    why: 'the commands of the README are tested as they stand there',
  },
}

/** The full path of the first of `names` in PATH that can be run, else undefined. */
export function findProgram(names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, name)
      try {
        accessSync(file, constants.X_OK)
        return file
      } catch {
        continue
      }
    }
  }
  return undefined
}

function missingPrograms() {
  return Object.entries(PROGRAMS).filter(([, program]) => !findProgram(program.names))
}

function isRootOnDebian() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'))
}

/** Installs what is missing with apt where that can work, else throws an error that names each program and its package. */
export async function installPrograms(say, mayInstall = isRootOnDebian()) {
  let missing = missingPrograms()
  if (missing.length > 0 && mayInstall) {
    const packages = missing.map(([, program]) => program.debian)
    say(`installing ${packages.join(', ')} with apt`)
    const install = ['install', '-y', '--no-install-recommends', ...packages]
    if ((await apt(install)) !== 0) {
      await apt(['update'])
      await apt(install)
    }
    missing = missingPrograms()
  }
  if (missing.length === 0) return
  const lines = missing.map(
    ([name, { debian, why }]) => `  ${name}: ${why} (Debian package ${debian})`,
  )
  const packages = missing.map(([, program]) => program.debian).join(' ')
  const error = new Error(
    `these programs are needed by the tests and are not in PATH:\n${lines.join('\n')}\n  for example: apt-get install ${packages}`,
  )
  throw Object.assign(error, { cure: true })
}

function apt(args) {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn('apt-get', ['-q', ...args], { stdio: ['ignore', 2, 2], env })
    child.once('error', () => resolve(1))
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
