import { readFile } from 'node:fs/promises'
import path from 'node:path'

import type { ClientIo } from './client-io.ts'
import { CliError } from './errors.ts'

/** The text that `-` (standard input) or `@file` stands for; undefined when `argument` is neither. */
export async function textOf(argument: string, io: ClientIo): Promise<string | undefined> {
  if (argument === '-') {
    const pieces: Uint8Array[] = []
    for await (const piece of io.stdin)
      pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
    return Buffer.concat(pieces).toString('utf8')
  }
  if (!argument.startsWith('@')) return undefined
  const file = path.resolve(io.cwd, argument.slice(1))
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError('unreadable-file', `${file} cannot be read (${code})`, error)
  }
}

/** Lines that say something: without blank ones and `#` comments. */
export function linesOf(text: string): readonly string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
