/** What was chosen on one page for another, in the address: it survives a reload, and can be shared. */
export interface Chosen {
  readonly assets: readonly string[]
  readonly folders: readonly string[]
}

/** A name in the address, with ids that are separated by commas, which no id may hold. */
export type ChosenValues = { readonly [Name in keyof Chosen]?: string | undefined }

/**
 * What is longer stands behind `#`, which browsers keep to themselves: a server that read it would refuse a reload, because heads are
 * limited to 32 KB (RFC 6585 §5).
 */
const QUERY_CHARACTERS_MAX = 8_000

/** Behind an address that has these values in its query already. */
export function withChosen(query: URLSearchParams, { assets, folders }: ChosenValues): string {
  const chosen = new URLSearchParams()
  if (assets) chosen.set('assets', assets)
  if (folders) chosen.set('folders', folders)
  const both = new URLSearchParams([...query, ...chosen]).toString()
  if (both.length <= QUERY_CHARACTERS_MAX) return both === '' ? '' : `?${both}`
  // Letters and digits alone: a router takes escapes away and puts others in.
  return `${query.size === 0 ? '' : `?${query.toString()}`}#${toUrlSafe(btoa(chosen.toString()))}`
}

/** `hash` without its `#`. */
export function chosenFrom(search: ChosenValues, hash: string): Chosen {
  const many = new URLSearchParams(unpacked(hash))
  const named = (name: keyof Chosen): readonly string[] =>
    (search[name] ?? many.get(name) ?? '').split(',').filter(Boolean)
  return { assets: named('assets'), folders: named('folders') }
}

/** Anything else behind `#` names nothing. */
function unpacked(hash: string): string {
  try {
    return atob(fromUrlSafe(hash))
  } catch {
    return ''
  }
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function fromUrlSafe(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/')
}
