import { SOURCES } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { sha256 } from '../kernel/hash.ts'
import { searchText } from './invalidation-rows.ts'
import type { InvalidationRow } from './store.ts'

/**
 * What the search index is told of an invalidation, and how it is asked. The index knows every three characters that follow each
 * other (https://www.sqlite.org/fts5.html#the_trigram_tokenizer). Whose an invalidation is and where it came from stand in front of
 * its words, in characters that nobody types, so that what others have in common with it is not walked through.
 */

/** Of one or two characters the index is asked for all threes that begin with them. */
export const INDEXED_LENGTH_MIN = 3

/** Behind the last word, so that its last characters begin a three as well. */
const END = '\n\n'

/** Planes 15 and 16 of Unicode are for private use (Unicode 23.5). */
const PROJECT_MARKS_FROM = 0xf0000
const PROJECT_MARKS = 0xfffe
const SOURCE_MARKS_FROM = 0x100000
/** One three in the index. Projects that share it (one in 10^14) only cost each other time. */
const PROJECT_MARK_LENGTH = 3

export function indexedWords(row: InvalidationRow, urls: readonly string[]): string {
  return `${wordsMark(row.project, row.source)}\n${searchText(row, urls)}${END}`
}

export function wordsMark(project: string, source: Invalidation['source']): string {
  return projectMark(project) + sourceMark(source)
}

function projectMark(project: string): string {
  const digest = sha256(project)
  const numbers = Array.from({ length: PROJECT_MARK_LENGTH }, (_, at) =>
    Number.parseInt(digest.slice(at * 4, at * 4 + 4), 16),
  )
  return String.fromCodePoint(
    ...numbers.map((number) => PROJECT_MARKS_FROM + (number % PROJECT_MARKS)),
  )
}

function sourceMark(source: Invalidation['source']): string {
  return String.fromCodePoint(SOURCE_MARKS_FROM + SOURCES.indexOf(source))
}

/**
 * Asked in pieces of so many characters, which need not follow each other: the index then looks at those entries that have the rarest piece,
 * and a whole URL takes a tenth of the time. What it finds for more than one piece has still to be compared.
 */
const PIECE_LENGTH = 8

export function piecesOf(q: string): readonly string[] {
  const characters = Array.from(q)
  if (characters.length <= PIECE_LENGTH) return [q]
  const count = Math.floor(characters.length / PIECE_LENGTH)
  const pieces = Array.from({ length: count }, (_, at) =>
    characters.slice(at * PIECE_LENGTH, (at + 1) * PIECE_LENGTH).join(''),
  )
  return [...new Set([...pieces, characters.slice(-PIECE_LENGTH).join('')])]
}

/** The question for rows of a project, perhaps of one source, that hold every text of any of `alternatives`. */
export function indexQuestion(
  project: string,
  source: Invalidation['source'] | undefined,
  alternatives: readonly (readonly string[])[],
): string {
  const mark = projectMark(project) + (source === undefined ? '' : sourceMark(source))
  const texts = alternatives.map((pieces) => pieces.map(quoted).join(' AND '))
  return `${quoted(mark)} AND (${texts.join(' OR ')})`
}

/** An FTS5 string: quotes are doubled, everything else is literal (https://www.sqlite.org/fts5.html §3.1). */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

export function isIndexed(q: string): boolean {
  return Array.from(q).length >= INDEXED_LENGTH_MIN
}

/** As the index folds: character by character, and only where one stays one. */
export function folded(q: string): string {
  return Array.from(q, (character) => {
    const lower = character.toLowerCase()
    return Array.from(lower).length === 1 ? lower : character
  }).join('')
}

/** Without regard to case; the Greek sigma at the end of a word is the one inside. */
export function comparable(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}
