/** Headers as they are typed: one a line, `name: value`. */

export function headerText(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

export function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(lines(text).map(headerOf))
}

/** `value` may hold colons itself. */
export function headerOf(line: string): readonly [name: string, value: string] {
  const at = line.indexOf(':')
  return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]
}

/** Why it cannot be sent yet; null when the server may judge it. */
export function wrongHeaders(text: string): string | null {
  return lines(text).every((line) => line.indexOf(':') > 0)
    ? null
    : 'A header is written name: value.'
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
