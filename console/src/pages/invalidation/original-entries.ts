/** Originals as they are typed: separated by commas or line breaks, each with its verdict. */

/** The same text, with some entries in another form; what separates them stays. `replacements` counts entries that are not empty. */
export function withEntries(text: string, replacements: ReadonlyMap<number, string>): string {
  let entry = -1
  return text
    .split(/([,\r\n])/)
    .map((piece) => {
      const written = piece.trim()
      if (written === '' || written === ',') return piece
      entry += 1
      const replacement = replacements.get(entry)
      return replacement === undefined ? piece : piece.replace(written, () => replacement)
    })
    .join('')
}
