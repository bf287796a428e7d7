import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'vite'

export const ROOT = path.resolve(import.meta.dirname, '../..')

/** A node of the ESTree that the parser gives, seen without its kind's own fields. */
export interface TreeNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface SourceFile {
  /** Relative to the checkout, with `/`. */
  readonly path: string
  readonly text: string
  readonly tree: TreeNode
  /** What it imports, exports from or imports on demand, as written. */
  readonly imports: readonly string[]
}

/** What git has, or would take: neither ignored nor deleted. */
export function repositoryFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const out = execFileSync('git', args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return out
    .split('\0')
    .filter((file) => file !== '' && existsSync(path.join(ROOT, file)))
    .sort()
}

export function readText(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

export function parseSource(file: string, text: string): SourceFile {
  const lang = file.endsWith('.tsx') ? 'tsx' : file.endsWith('.ts') ? 'ts' : 'js'
  const { program, errors } = parseSync(file, text, { lang })
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]!.message}`)
  const tree = program as unknown as TreeNode
  const imports: string[] = []
  walk(tree, (node) => {
    const source = node['source']
    if (isNode(source) && typeof source['value'] === 'string') imports.push(source['value'])
  })
  return { path: file, text, tree, imports }
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** Visits every node, parents first. */
export function walk(node: TreeNode, visit: (node: TreeNode) => void): void {
  visit(node)
  for (const value of Object.values(node)) {
    if (isNode(value)) walk(value, visit)
    else if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit)
    }
  }
}

export function lineOf(file: SourceFile, at: number): number {
  return file.text.slice(0, at).split('\n').length
}

/** The file that a relative import names, relative to the checkout; undefined for packages and `node:`. */
export function importedFile(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return path.posix.join(path.posix.dirname(from), specifier.replace(/\?.*$/, ''))
}
