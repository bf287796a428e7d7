/** One thing that was wrong with what was sent. */
export interface ProblemItem {
  readonly pointer?: string
  readonly line?: number
  readonly url?: string
  readonly item?: string
  readonly reason: string
  /** What to write instead. */
  readonly suggestion?: string
}

export interface Difference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** Two people have changed one text. */
export interface Conflict {
  readonly yours: string
  readonly theirs: {
    readonly text: string
    readonly version: number
    readonly savedAt: string | null
    readonly savedBy: string | null
  }
}

/** A problem document (RFC 9457) as an error. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string | null
  readonly items: readonly ProblemItem[]
  /** With `preview-changed`: how the list would differ now. */
  readonly difference: Difference | null
  /** With `template-changed`: both texts. */
  readonly conflict: Conflict | null

  constructor(status: number, document: unknown) {
    const fields = isObject(document) ? document : {}
    const title = text(fields['title']) ?? `The server answered ${status}.`
    super(title)
    this.status = status
    this.code = text(fields['code']) ?? 'unknown'
    this.title = title
    this.detail = text(fields['detail'])
    this.items = Array.isArray(fields['errors']) ? fields['errors'].flatMap(item) : []
    this.difference = isDifference(fields['difference']) ? fields['difference'] : null
    this.conflict = isConflict(fields['conflict']) ? fields['conflict'] : null
  }
}

/** The server could not be reached, or something between us and it answered in its place. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

export interface Shown {
  readonly title: string
  readonly detail: string | null
  readonly items: readonly ProblemItem[]
}

/** What to tell a person about any error. */
export function shown(error: unknown): Shown {
  if (error instanceof ApiProblem) return error
  if (error instanceof ConnectionLost) {
    return {
      title: 'The connection to Sluice is lost.',
      detail: 'Nothing was changed that you did not see confirmed. Try again once it is back.',
      items: [],
    }
  }
  const detail = error instanceof Error ? error.message : String(error)
  return { title: 'Something went wrong in this page.', detail, items: [] }
}

/** Where in the request an item is, in words: its URL, its line, or the field. */
export function placeOf(entry: ProblemItem): string | null {
  if (entry.url !== undefined) return entry.url
  if (entry.item !== undefined) return entry.item
  if (entry.line !== undefined) return `Line ${entry.line}`
  if (entry.pointer === undefined || entry.pointer === '') return null
  return decodeURIComponent(entry.pointer.replace(/^[#/]+/, '').replaceAll('/', ' › '))
}

function item(value: unknown): ProblemItem[] {
  if (!isObject(value)) return []
  const reason = text(value['reason'])
  if (reason === null) return []
  const url = text(value['url'])
  const named = text(value['item'])
  const pointer = text(value['pointer'])
  const suggestion = text(value['suggestion'])
  const line = value['line']
  return [
    {
      reason,
      ...(url === null ? {} : { url }),
      ...(named === null ? {} : { item: named }),
      ...(pointer === null ? {} : { pointer }),
      ...(suggestion === null ? {} : { suggestion }),
      ...(typeof line === 'number' ? { line } : {}),
    },
  ]
}

function isDifference(value: unknown): value is Difference {
  return isObject(value) && Array.isArray(value['added']) && Array.isArray(value['removed'])
}

function isConflict(value: unknown): value is Conflict {
  if (!isObject(value) || typeof value['yours'] !== 'string') return false
  const { theirs } = value
  return (
    isObject(theirs) && typeof theirs['text'] === 'string' && typeof theirs['version'] === 'number'
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
