/**
 * The rules of STYLE.md that a program can see. Each is a function from a file to sentences that name file, line and cure.
 *
 * What it does not see: an import whose specifier is computed; a clock or a source of chance that is passed around under
 * another name; a function that is long only through what it calls.
 */
import { importedFile, isNode, lineOf, walk } from './source-files.ts'
import type { SourceFile, TreeNode } from './source-files.ts'

/** The map: rooms, and the rooms below them that they may import. ARCHITECTURE.md says why each exists. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  contract: [],
  origin: ['kernel', 'contract'],
  imaging: ['kernel', 'contract'],
  cache: ['kernel', 'contract'],
  purgelog: ['kernel', 'contract'],
  store: ['kernel', 'contract'],
  resizer: ['kernel', 'contract', 'origin', 'imaging', 'cache', 'purgelog'],
  edge: ['kernel', 'contract', 'cache', 'purgelog'],
  targets: ['kernel', 'contract', 'purgelog'],
  invalidation: ['kernel', 'contract', 'store', 'targets'],
  assets: ['kernel', 'contract', 'store', 'origin'],
  api: ['kernel', 'contract', 'store', 'assets', 'invalidation', 'targets', 'purgelog', 'origin'],
  cli: ['kernel', 'contract'],
}

/** The composition root, with `src/*.ts`: roles compose rooms into processes, so they know every room and none knows them. */
const COMPOSITION = 'roles'

export const FILE_LINES_MAX = 400
export const FUNCTION_LINES_MAX = 70

/** Calls that take a part's place: time, chance and the environment come in as parameters (architecture: simulation). */
const BANNED: readonly { readonly text: RegExp; readonly instead: string }[] = [
  { text: /^Date\.now\(/, instead: 'Clock.wall()' },
  { text: /^new Date(\(\)|$)/, instead: 'Clock.wall()' },
  { text: /^performance\.now\(/, instead: 'Clock.now()' },
  { text: /^Math\.random\(/, instead: 'Random' },
  { text: /^(globalThis\.)?(setTimeout|setInterval|setImmediate)\(/, instead: 'Timers' },
  { text: /^process\.env$/, instead: 'the settings that main.ts reads' },
  { text: /^console\.\w+\(/, instead: 'Log, or the stream that was handed in' },
]

const BANNED_PACKAGES = new Map([['node:timers/promises', 'Timers']])

export function isTest(path: string): boolean {
  return path.startsWith('test/') || /(\.test|-suite(-[a-z-]+)?)\.tsx?$/.test(path)
}

/** `cache` for `src/cache/judge.ts`; null for `src/app.ts` and everything outside `src`. */
export function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null
}

export function roomProblems(file: SourceFile): string[] {
  const room = roomOf(file.path)
  if (room === null || room === COMPOSITION) return []
  const allowed = MAY_IMPORT[room]
  if (allowed === undefined) return [`${file.path}: '${room}' is no room of the map`]
  const problems: string[] = []
  for (const specifier of file.imports) {
    const target = importedFile(file.path, specifier)
    if (room === 'contract' && !isTest(file.path) && specifier.startsWith('node:')) {
      problems.push(`${file.path}: contract runs in browsers and may not import '${specifier}'`)
    }
    if (target === undefined || (isTest(file.path) && target.startsWith('test/'))) continue
    const other = roomOf(target)
    if (other === room || (other !== null && allowed.includes(other))) continue
    problems.push(`${file.path}: room '${room}' may not import '${other ?? target}'`)
  }
  return problems
}

export function sizeProblems(file: SourceFile): string[] {
  const problems: string[] = []
  const lines = file.text.trimEnd().split('\n').length
  if (lines > FILE_LINES_MAX)
    problems.push(`${file.path}: ${lines} lines, at most ${FILE_LINES_MAX}`)
  // A suite's callback holds its tests; each test in it is measured by the reader.
  if (isTest(file.path)) return problems
  walk(file.tree, (node) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
      return
    const from = lineOf(file, node.start)
    const length = lineOf(file, node.end) - from + 1
    if (length <= FUNCTION_LINES_MAX) return
    problems.push(
      `${file.path}:${from}: a function of ${length} lines, at most ${FUNCTION_LINES_MAX}`,
    )
  })
  return problems
}

export function bannedProblems(file: SourceFile): string[] {
  const mayTouchTheMachine = roomOf(file.path) === 'kernel' || isTest(file.path)
  if (!file.path.startsWith('src/') || mayTouchTheMachine) return []
  const mayReadEnvironment = /^src\/(app|main)\.ts$/.test(file.path)
  const problems: string[] = []
  walk(file.tree, (node) => {
    const text = spelling(file, node)
    if (text === null || (mayReadEnvironment && text === 'process.env')) return
    for (const rule of BANNED) {
      if (!rule.text.test(text)) continue
      problems.push(
        `${file.path}:${lineOf(file, node.start)}: ${text} is banned, use ${rule.instead}`,
      )
    }
  })
  for (const specifier of file.imports) {
    const instead = BANNED_PACKAGES.get(specifier)
    if (instead !== undefined)
      problems.push(`${file.path}: '${specifier}' is banned, use ${instead}`)
  }
  return problems
}

/** A short text for the nodes that rules speak of: `Date.now(`, `new Date()`, `process.env`. */
function spelling(file: SourceFile, node: TreeNode): string | null {
  const callee = node['callee']
  const source = (part: unknown): string =>
    isNode(part) ? file.text.slice(part.start, part.end) : ''
  if (node.type === 'CallExpression') return `${source(callee)}(`
  if (node.type === 'NewExpression') {
    const empty = Array.isArray(node['arguments']) && node['arguments'].length === 0
    return `new ${source(callee)}(${empty ? ')' : ''}`
  }
  if (node.type === 'MemberExpression') return source(node)
  return null
}

export function exportProblems(file: SourceFile): string[] {
  const problems: string[] = []
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  if (/^(index|utils?|helpers?|common|manager)\.tsx?$/.test(name)) {
    problems.push(`${file.path}: name it after what it holds`)
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|module|d))?\.[a-z]+$/.test(name)) {
    problems.push(`${file.path}: file names are kebab-case`)
  }
  // Build tools ask for a default export of their settings.
  if (name.endsWith('.config.ts')) return problems
  walk(file.tree, (node) => {
    const line = lineOf(file, node.start)
    if (node.type === 'ExportDefaultDeclaration')
      problems.push(`${file.path}:${line}: a default export`)
    if (node.type === 'ExportAllDeclaration') problems.push(`${file.path}:${line}: export *`)
    if (node.type === 'ThrowStatement' && file.path.startsWith('src/') && !isTest(file.path)) {
      const thrown = node['argument']
      if (isNode(thrown) && file.text.slice(thrown.start, thrown.end).startsWith('new Error(')) {
        problems.push(`${file.path}:${line}: a bare Error; throw the room's own from its errors.ts`)
      }
    }
  })
  return problems
}

/** Every file that `roots` reach by imports. */
export function reachable(files: readonly SourceFile[], roots: readonly string[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const seen = new Set<string>()
  const waiting = roots.filter((root) => byPath.has(root))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const specifier of byPath.get(path)?.imports ?? []) {
      const target = importedFile(path, specifier)
      if (target !== undefined && byPath.has(target)) waiting.push(target)
    }
  }
  return seen
}
