/** The one door to the browser's timers, chance and clipboard. */

export const browser = {
  /** Calls `run` once after `ms`; the returned function cancels. */
  after(ms: number, run: () => void): () => void {
    const timer = window.setTimeout(run, ms)
    return () => window.clearTimeout(timer)
  },
  /** Calls `run` every `ms`; the returned function ends it. */
  every(ms: number, run: () => void): () => void {
    const timer = window.setInterval(run, ms)
    return () => window.clearInterval(timer)
  },
  /** Never used before: 128 bits of chance as hex. `crypto.randomUUID` exists over HTTPS and on this machine only. */
  id(): string {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
      byte.toString(16).padStart(2, '0'),
    ).join('')
  },
  /** Milliseconds since 1970. */
  nowMs(): number {
    return Date.now()
  },
  /** False where the page may not write to the clipboard: over plain HTTP from another machine, for instance. */
  async copy(text: string | Promise<string>): Promise<boolean> {
    try {
      await (typeof text === 'string' ? navigator.clipboard.writeText(text) : copyLater(text))
      return true
    } catch {
      return copyBySelection(await text)
    }
  },
} as const

/** Begun at once, because some browsers allow it only within the press of a button, not when the text has come. */
async function copyLater(text: Promise<string>): Promise<void> {
  const blob = text.then((words) => new Blob([words], { type: 'text/plain' }))
  await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })])
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  return copied
}
