/** Texts told apart; two that share a place push each other out, which costs one more look. */
const PLACES = 65_536

/** FNV-1a (draft-eastlake-fnv), of 32 bits. */
const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/**
 * Whether a text was seen a moment ago, in memory that never grows: what comes once, as in a flood of texts by chance, is not worth to
 * be remembered itself. Wrong now and then, one time in four thousand million.
 */
export class SeenBefore {
  readonly #places = new Uint32Array(PLACES)

  /** False at the first time. */
  again(text: string): boolean {
    let hash = OFFSET
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME)
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1)
    const known = this.#places[place] === hash >>> 0
    this.#places[place] = hash
    return known
  }
}
