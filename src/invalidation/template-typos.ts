import { didYouMean, nearest } from '../contract/did-you-mean.ts'
import { ENCODED_ID, ID } from './template-lines.ts'

/** Slips that people make in a template, found in the line as it was typed: each is told once, with its place. Pure. */

export interface Remark {
  /** In the typed line, counted from 0. */
  readonly at: number
  /** `error` keeps a line from being submitted; `warning` is for a person to judge. Saving is never kept from anybody. */
  readonly level: 'error' | 'warning'
  readonly reason: string
}

/** What makes the line mean something else than its writer thought, or nothing at all; null when no slip is seen. */
export function typoOf(typed: string): Remark | null {
  return placeholderTypo(typed) ?? schemeTypo(typed) ?? pathTypo(typed)
}

function error(at: number, reason: string): Remark {
  return { at, level: 'error', reason }
}

/** Angle brackets stand for nothing else in a URL (RFC 3986 §2). */
function placeholderTypo(typed: string): Remark | null {
  // Right ones are blotted out by something as long, so that places stay.
  const rest = typed
    .replaceAll(ID, '****')
    .replaceAll(ENCODED_ID, (found) => '*'.repeat(found.length))
  const at = rest.search(/[<>]/)
  if (at < 0) return null
  const whole = /^<\s*id\s*>/i.exec(rest.slice(at))?.[0]
  if (whole !== undefined) {
    return error(
      at,
      `${whole} is not replaced: it is written ${ID}, in capitals. Did you mean ${ID}?`,
    )
  }
  if (/^<\s*id/i.test(rest.slice(at))) {
    return error(at, `The > is missing behind <ID, so no asset is put in. Did you mean ${ID}?`)
  }
  if (rest[at] === '>' && /id\s*$/i.test(rest.slice(0, at))) {
    const begin = at - /id\s*$/i.exec(rest.slice(0, at))![0].length
    return error(begin, `The < is missing before ID>, so no asset is put in. Did you mean ${ID}?`)
  }
  const near = /^<[^<>]{1,6}>/.exec(rest.slice(at))?.[0]
  const hint = near === undefined ? '' : didYouMean(near, [ID])
  return error(
    at,
    `${near ?? rest[at]} stands for nothing in a URL: only ${ID} is replaced.${hint}`,
  )
}

function schemeTypo(typed: string): Remark | null {
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):\/*/.exec(typed)
  const scheme = found?.[1]?.toLowerCase()
  if (!found || scheme === undefined || scheme === 'http' || scheme === 'https') return null
  // `images.example.com:8080/…` has no scheme at all.
  if (!found[0].endsWith('/') && scheme.includes('.')) return null
  const hint = didYouMean(scheme, ['http', 'https'], (name) => `${name}://`)
  return error(0, `${found[0]} is not http:// or https://.${hint}`)
}

/** Dynamic Media's own paths begin with one of two; what only looks like one reaches no picture. */
const PATHS = ['/is/image/', '/is/content/']

function pathTypo(typed: string): Remark | null {
  const host = /^https?:\/\/[^/?#\s]+/i.exec(typed)?.[0]
  if (host === undefined) return null
  const path = /^\/[^/?#<%]{1,12}\/[^/?#<%]{1,12}\//.exec(typed.slice(host.length))?.[0]
  if (path === undefined || PATHS.includes(path)) return null
  const found = nearest(path, PATHS)
  // Other letters, or the same ones in capitals: paths are told apart by both.
  const meant = found ?? PATHS.find((known) => known === path.toLowerCase())
  if (meant === undefined) return null
  return error(host.length, `${path} is no path of a picture. Did you mean ${meant}?`)
}

/** A blank in a preset's name is what Dynamic Media's own templates hold; before a modifier it makes another word of it. */
export function blankTypo(typed: string): Remark | null {
  const question = typed.indexOf('?')
  if (question < 0) return null
  const query = typed.slice(question).replaceAll(/\$[^$&]*\$/g, (name) => '*'.repeat(name.length))
  const found = /[?&](\s+)([A-Za-z]\w*=?)?|(\w+)(\s+)(?==)/.exec(query)
  if (!found) return null
  const word = found[2] ?? (found[3] === undefined ? undefined : `${found[3]}=`)
  const blank = found.index + (found[3] ?? found[0][0]!).length
  const hint = word === undefined ? '' : ` Did you mean ${word}?`
  return {
    at: question + blank,
    level: 'warning',
    reason: `A blank stands here, so what it stands beside is not understood and is left out.${hint}`,
  }
}
