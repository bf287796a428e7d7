import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import path from 'node:path'

import type { Figure } from './figure.ts'

const PAGE = path.resolve(import.meta.dirname, '../docs/benchmarks.md')

export function markdown(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, beside }) => `| ${what} | ${value} | ${beside} |`)
  return ['| figure | value | beside |', '| --- | --- | --- |', ...rows].join('\n')
}

function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'an unknown processor'
  const gigabytes = Math.round(totalmem() / 1024 ** 3)
  return `${availableParallelism()} cores of ${processor}, ${gigabytes} GB, Node ${process.versions.node}`
}

/** The page with one bench's table and its date between its two comments; a bench that is new comes last. The rest is by hand. */
export function withSection(page: string, name: string, figures: readonly Figure[]): string {
  const from = `<!-- ${name} -->`
  const to = `<!-- end of ${name} -->`
  const day = new Date().toISOString().slice(0, 10)
  const section = `${from}\n\n${markdown(figures)}\n\n${day}, ${machine()}.\n\n${to}`
  const [start, end] = [page.indexOf(from), page.indexOf(to)]
  if (start < 0 || end < start) return `${page.trimEnd()}\n\n## ${name}\n\n${section}\n`
  return page.slice(0, start) + section + page.slice(end + to.length)
}

export function writeSection(name: string, figures: readonly Figure[]): void {
  writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), name, figures))
  process.stderr.write(`${name}: wrote ${path.relative(process.cwd(), PAGE)}\n`)
}
