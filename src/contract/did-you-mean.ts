/** The nearest of some known words to one that is none of them: typing slips, not other words. */

/** A slip in every third letter is another word. */
const LETTERS_PER_SLIP = 3
/** Longer texts are no names, and comparing them takes the product of their lengths. */
const LENGTH_MAX = 100

/** Without regard to case; null when nothing is near, or when it is one of them. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const far = slips(word.toLowerCase(), candidate.toLowerCase())
    const allowed = Math.max(1, Math.floor(candidate.length / LETTERS_PER_SLIP))
    if (candidate.length < LETTERS_PER_SLIP || far > allowed || far >= least) continue
    best = candidate
    least = far
  }
  return least === 0 ? null : best
}

/** ` Did you mean x?`, to be put behind a sentence; empty when nothing is near. */
export function didYouMean(
  word: string,
  known: readonly string[],
  shown: (found: string) => string = (found) => found,
): string {
  const found = nearest(word, known)
  return found === null ? '' : ` Did you mean ${shown(found)}?`
}

/** Letters to add, take out, replace or swap with their neighbour (optimal string alignment). */
export function slips(one: string, other: string): number {
  if (one.length > LENGTH_MAX || other.length > LENGTH_MAX) {
    return one === other ? 0 : Number.POSITIVE_INFINITY
  }
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let row = 1; row <= one.length; row++) {
    const now = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      let least = Math.min(
        last[column]! + 1,
        now[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
      )
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      if (row > 1 && column > 1 && swapped) least = Math.min(least, beforeLast[column - 2]! + 1)
      now.push(least)
    }
    beforeLast = last
    last = now
  }
  return last[other.length]!
}
