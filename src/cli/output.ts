import type { Invalidation } from '../contract/invalidation.ts'

/** Texts for people: aligned columns, local times, sizes. */

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows]
  const widths = heads.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}

const two = (number: number): string => String(number).padStart(2, '0')

/** `2026-11-20 05:12:33`, in the time zone of whoever reads. */
export function localTime(instant: string | number | null): string {
  if (instant === null) return '-'
  const date = new Date(instant)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** `0.1 s`, `12 s`, `3 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** How long it took from being asked for to its end; null while it runs. */
export function secondsTaken(invalidation: Invalidation): number | null {
  const { createdAt, finishedAt, timeline } = invalidation
  if (finishedAt === null) return null
  const started = timeline.findLast(({ status }) => status === 'Received')?.at ?? createdAt
  return Math.max(0, Date.parse(finishedAt) - Date.parse(started)) / 1000
}
