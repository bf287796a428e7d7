import { CLOUDIMAGE_FILTERS, CLOUDIMAGE_SYNONYMS } from './cloudimage-commands.ts'
import { encodeValue, percentDecode } from './percent.ts'
import { ownValue } from './value-grammar.ts'

/** Filters chained in one parameter, `f=bright:15,contrast:30,grey`, mean what they mean apart ("Image filters"). */

const CHAIN = /^(?:f|%[46]6)=/i
const HAS_CHAIN = /(?:^|&)(?:f|%[46]6)=/i
/** Their values have commas of their own, which the chain does not escape. */
const WITH_COMMAS: ReadonlySet<string> = new Set(['colorize', 'blur_faces'])

export function withFiltersApart(query: string): string {
  if (!HAS_CHAIN.test(query)) return query
  return query
    .split('&')
    .flatMap((part) => (CHAIN.test(part) ? filtersOf(part.slice(part.indexOf('=') + 1)) : [part]))
    .join('&')
}

function filtersOf(chain: string): readonly string[] {
  const filters: { name: string; value: string }[] = []
  for (const piece of (percentDecode(chain) ?? '').split(',')) {
    const colon = piece.indexOf(':')
    const name = (colon < 0 ? piece : piece.slice(0, colon)).toLowerCase()
    const last = filters.at(-1)
    if (isFilter(name)) {
      filters.push({ name, value: colon < 0 ? '1' : piece.slice(colon + 1) })
    } else if (last && WITH_COMMAS.has(last.name)) {
      last.value += `,${piece}`
    }
  }
  return filters.map(({ name, value }) => `${name}=${encodeValue(value)}`)
}

function isFilter(name: string): boolean {
  return Object.hasOwn(CLOUDIMAGE_FILTERS, ownValue(CLOUDIMAGE_SYNONYMS, name) ?? name)
}
