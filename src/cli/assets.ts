import { openAsBlob } from 'node:fs'
import path from 'node:path'

import type { Asset, AssetList } from '../contract/api/assets.ts'
import type { Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { localTime, size, table } from './output.ts'

const FILTERS = ['q', 'folder', 'kind', 'published', 'limit', 'cursor'] as const

async function run(call: CommandCall): Promise<number> {
  if (call.args.positionals[0] === 'put') return put(call)
  call.args.take()
  const api = await call.client()
  const query = Object.fromEntries(FILTERS.map((name) => [name, call.args.text(name)]))
  const list = await api.ask<AssetList>({ path: `${await call.projectPath()}/assets`, query })
  call.io.stdout.write(call.json ? `${JSON.stringify(list)}\n` : listText(list))
  return EXIT.ok
}

function listText({ items, nextCursor }: AssetList): string {
  if (items.length === 0) return 'No asset matches.\n'
  const rows = items.map((asset) => [
    asset.id,
    asset.kind,
    asset.width === null ? '-' : `${asset.width}x${asset.height}`,
    size(asset.bytes),
    `v${asset.version}`,
    asset.published ? 'published' : 'not published',
    localTime(asset.modifiedAt),
  ])
  const heads = ['ID', 'KIND', 'PIXELS', 'SIZE', 'VERSION', 'STATE', 'CHANGED']
  const more = nextCursor === null ? '' : `More: --cursor ${nextCursor}\n`
  return table(heads, rows) + more
}

async function put(call: CommandCall): Promise<number> {
  const [, id, file] = call.args.take('put', 'ID', 'FILE')
  const api = await call.client()
  const asset = await api.ask<Asset>({
    method: 'PUT',
    path: `${await call.projectPath()}/assets/${encodeURIComponent(id!)}`,
    query: { published: call.args.text('published') },
    bytes: await openFile(path.resolve(call.io.cwd, file!)),
  })
  const text = `${asset.id} is now version ${asset.version} (${size(asset.bytes)}, ${asset.mediaType}).`
  call.io.stdout.write(`${call.json ? JSON.stringify(asset) : text}\n`)
  return EXIT.ok
}

async function openFile(file: string): Promise<Blob> {
  try {
    return await openAsBlob(file)
  } catch (error) {
    throw new CliError('unreadable-file', `${file} cannot be read`, error)
  }
}

export const assetsCommand: Command = {
  name: 'assets',
  summary: 'list assets; put a new version of one',
  help: `usage: sluice assets [-q TEXT] [--folder PATH] [--kind image|video|document|other] [--published true|false]
                     [--limit N] [--cursor C]
       sluice assets put ID FILE [--published true|false]

put stores FILE as a new version of ID. Edges serve the old one until it is invalidated: automatically where the
project says so, else with sluice invalidate ID.
`,
  options: {
    q: { type: 'string', short: 'q' },
    folder: { type: 'string' },
    kind: { type: 'string' },
    published: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
  },
  run,
}
