import type { InvalidationList } from '../contract/api/invalidations.ts'
import type { Command, CommandCall } from './command.ts'
import { EXIT } from './errors.ts'
import { duration, localTime, secondsTaken, table } from './output.ts'

const FILTERS = ['status', 'scope', 'source', 'q', 'from', 'to', 'limit', 'cursor'] as const

async function run(call: CommandCall): Promise<number> {
  call.args.take()
  const api = await call.client()
  const query = Object.fromEntries(FILTERS.map((name) => [name, call.args.text(name)]))
  const path = `${await call.projectPath()}/invalidations`
  const list = await api.ask<InvalidationList>({ path, query })
  call.io.stdout.write(call.json ? `${JSON.stringify(list)}\n` : logText(list))
  return EXIT.ok
}

function logText({ items, nextCursor }: InvalidationList): string {
  const more = nextCursor === null ? '' : `More: --cursor ${nextCursor}\n`
  if (items.length === 0)
    return more === '' ? 'No invalidation matches.\n' : `None until here.\n${more}`
  const rows = items.map((item) => {
    const seconds = secondsTaken(item)
    return [
      localTime(item.createdAt),
      item.status,
      item.scope,
      item.source,
      String(item.urlCount),
      seconds === null ? '-' : duration(seconds),
      item.createdBy,
      item.id,
    ]
  })
  const heads = ['WHEN', 'STATUS', 'SCOPE', 'SOURCE', 'URLS', 'TOOK', 'BY', 'ID']
  return table(heads, rows) + more
}

export const logCommand: Command = {
  name: 'log',
  summary: 'the invalidation log, newest first',
  help: `usage: sluice log [--status S[,S...]] [--scope original|all] [--source manual|api|automatic|scheduled]
                  [-q TEXT] [--from TIME] [--to TIME] [--limit N] [--cursor C]

Statuses are written as they are shown: Done, ERROR, ERROR_CDN_NODE, Scheduled, Received, Preparing,
"Flushing resizing servers", "Flushing CDN servers", Verifying, Cancelled. -q finds ids, notes, people and URLs.
`,
  options: {
    status: { type: 'string' },
    scope: { type: 'string' },
    source: { type: 'string' },
    q: { type: 'string', short: 'q' },
    from: { type: 'string' },
    to: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
  },
  run,
}
