import { createReadStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

import type { ClientIo } from './client-io.ts'
import type { Arguments } from './command.ts'
import { CliError } from './errors.ts'

/**
 * Lists of URLs that are too long for JSON: read line by line and sent as they are read, so that ten million lines take no more
 * memory than ten.
 */

/** What a form takes (Dynamic Media's limit, and the default of a project); a longer list goes as lines. */
export const FORM_URLS_MAX = 1000
/** Lines are sent together in pieces of about this size. */
const PIECE_CHARACTERS = 64 * 1024

const URL_LINE = /^https?:\/\//i

/** Chosen beside a list of lines, these need the whole list in one JSON body. */
const NEEDS_JSON = [
  'original',
  'folder',
  'exclude',
  'presets',
  'template',
  'crops',
  'served',
  'content',
  'all',
] as const

export function isOnlyLines(args: Arguments): boolean {
  const files = args.positionals.every((each) => each === '-' || each.startsWith('@'))
  const plain = NEEDS_JSON.every((name) => !args.flag(name) && args.texts(name).length === 0)
  return files && args.positionals.length > 0 && plain
}

export interface ReadLines {
  /** All lines, if they are no long list. */
  readonly lines: readonly string[]
  /** The long list, whose beginning was read already; null when `lines` is all. */
  readonly long: AsyncIterable<Uint8Array> | null
}

/** Reads until it is clear which of both it is: a long list has URLs only, as far as it was read. */
export async function readLines(args: Arguments, io: ClientIo): Promise<ReadLines> {
  const all = linesOf(args, io)
  const lines: string[] = []
  let urls = 0
  let onlyUrls = true
  for (;;) {
    const next = await all.next()
    if (next.done) return { lines: lines.filter((line) => line !== ''), long: null }
    lines.push(next.value)
    if (next.value === '') continue
    if (URL_LINE.test(next.value)) urls += 1
    else onlyUrls = false
    if (onlyUrls && urls > FORM_URLS_MAX) return { lines: [], long: pieces(lines, all) }
  }
}

/** Blank lines and `#` comments are empty lines, so that the server counts as the file does. */
async function* linesOf(args: Arguments, io: ClientIo): AsyncGenerator<string> {
  yield* args.texts('url')
  for (const argument of args.positionals) {
    const file = argument === '-' ? null : path.resolve(io.cwd, argument.slice(1))
    const input = file === null ? Readable.from(io.stdin) : createReadStream(file)
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const text = line.trim()
        yield text.startsWith('#') ? '' : text
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new CliError(
        'unreadable-file',
        `${file ?? 'standard input'} cannot be read (${code})`,
        error,
      )
    }
  }
}

async function* pieces(
  first: readonly string[],
  rest: AsyncIterable<string>,
): AsyncGenerator<Uint8Array> {
  let text = `${first.join('\n')}\n`
  for await (const line of rest) {
    text += `${line}\n`
    if (text.length < PIECE_CHARACTERS) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}
