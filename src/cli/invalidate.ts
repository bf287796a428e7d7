import type { Preview, SelectionBody, SubmitBody } from '../contract/api/invalidations.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import type { ApiRequest } from './api-client.ts'
import type { ClientIo } from './client-io.ts'
import type { Arguments, Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { followToTheEnd, sentenceOf } from './follow.ts'
import { linesOf, textOf } from './lines.ts'
import { FORM_URLS_MAX, isOnlyLines, readLines } from './long-list.ts'
import { count, duration, localTime, table } from './output.ts'

const HELP = `usage: sluice invalidate [ASSET...] [options] [- | @file]

Gets stale pictures out of every cache. By asset: each rendition, known or not, in every spelling and on every host.

what
  ASSET                 an asset's id, for example Backpack_B or shoes/red
  --url URL             a delivered URL; without a query it covers that path with all its queries
  --original PATH       a remote original (Cloudimage): sample.li/flat1.jpg
  --folder PATH         everything below a folder of assets
  --presets             also form one URL for each preset
  --template            also form the URLs of the project's template
  --crops, --served, --content
                        also form URLs of smart crops; every URL known to have been served; /is/content URLs
  --no-renditions       only the formed URLs, as Dynamic Media does, not by asset
  --exclude URL         leave a formed URL out
  --all --confirm NAME  everything of the project NAME
  -, @file              more lines from standard input or a file: URLs, or asset ids; # begins a comment;
                        more than 1000 URLs alone are sent as a stream, up to 10,000,000

how
  --dry-run             show the list, what each entry comes from and whether it was ever served, targets and the
                        estimate; purge nothing
  --wait                show progress and wait for the end: exit 0 on Done, 1 on ERROR
  --at TIME             later: ISO 8601 with an offset, 2026-12-24T06:00:00+01:00
  --note TEXT           kept in the log
  --soft                stale, but may be served while it is revalidated
  --idempotency-key K   the same K within 24 h answers with the same invalidation
`

/** One of -, @file is read; all repeated options add up. */
async function selectionOf(args: Arguments, io: ClientIo): Promise<SelectionBody> {
  const assets: string[] = []
  const urls: string[] = [...args.texts('url')]
  for (const argument of args.positionals) {
    const text = await textOf(argument, io)
    if (text === undefined) assets.push(argument)
    else {
      for (const line of linesOf(text)) (/^https?:\/\//i.test(line) ? urls : assets).push(line)
    }
  }
  const folders = args.texts('folder')
  const byAsset = assets.length + folders.length > 0 && !args.flag('no-renditions')
  const filled = {
    assets,
    folders,
    urls,
    originals: args.texts('original'),
    exclude: args.texts('exclude'),
  }
  const flags = {
    renditions: byAsset,
    presets: args.flag('presets'),
    template: args.flag('template'),
    crops: args.flag('crops'),
    served: args.flag('served'),
    content: args.flag('content'),
    everything: args.flag('all'),
  }
  return {
    ...Object.fromEntries(Object.entries(filled).filter(([, list]) => list.length > 0)),
    ...Object.fromEntries(Object.entries(flags).filter(([, on]) => on)),
  }
}

/** Lines are URLs or asset ids. */
function selectionOfLines(lines: readonly string[], args: Arguments): SelectionBody {
  const urls = lines.filter((line) => /^https?:\/\//i.test(line))
  const assets = lines.filter((line) => !/^https?:\/\//i.test(line))
  return {
    ...(urls.length > 0 ? { urls } : {}),
    ...(assets.length > 0 ? { assets, renditions: !args.flag('no-renditions') } : {}),
  }
}

function submitOf(selection: SelectionBody, args: Arguments): SubmitBody {
  const note = args.text('note')
  const scheduleAt = args.text('at')
  const confirm = args.text('confirm')
  return {
    ...selection,
    ...(args.flag('soft') ? { mode: 'soft' as const } : {}),
    ...(note === undefined ? {} : { note }),
    ...(scheduleAt === undefined ? {} : { scheduleAt }),
    ...(confirm === undefined ? {} : { confirm }),
  }
}

async function run(call: CommandCall): Promise<number> {
  const { args } = call
  if (isOnlyLines(args)) {
    const { lines, long } = await readLines(args, call.io)
    return long ? submitLines(call, long) : submitSelection(call, selectionOfLines(lines, args))
  }
  return submitSelection(call, await selectionOf(args, call.io))
}

/** A list longer than a form takes: what is wrong with it, the server says by line. */
async function submitLines(call: CommandCall, lines: AsyncIterable<Uint8Array>): Promise<number> {
  const { args } = call
  if (args.flag('dry-run')) {
    throw new CliError(
      'usage',
      `a list of more than ${FORM_URLS_MAX} URLs is not previewed: leave --dry-run out; one wrong line refuses it all`,
    )
  }
  const path = `${await call.projectPath()}/invalidations`
  const query = {
    note: args.text('note'),
    scheduleAt: args.text('at'),
    mode: args.flag('soft') ? 'soft' : undefined,
  }
  return submitted(call, path, { query, lines })
}

async function submitSelection(call: CommandCall, selection: SelectionBody): Promise<number> {
  const { args } = call
  if (Object.keys(selection).length === 0) {
    throw new CliError(
      'usage',
      'nothing is chosen: name an asset, --url, --original, --folder, --template or --all',
    )
  }
  if (args.text('confirm') !== undefined && selection.everything !== true) {
    throw new CliError('usage', '--confirm is for --all: it purges everything of a project')
  }
  const project = await call.projectPath()
  if (args.flag('dry-run')) return dryRun(call, project, selection)
  if (selection.everything === true && args.text('confirm') === undefined) {
    throw new CliError(
      'usage',
      `--all purges everything of the project: add --confirm ${project.split('/')[2]}`,
    )
  }
  return submitted(call, `${project}/invalidations`, { json: submitOf(selection, args) })
}

async function submitted(
  call: CommandCall,
  path: string,
  what: Pick<ApiRequest, 'json' | 'query' | 'lines'>,
): Promise<number> {
  const { args } = call
  const api = await call.client()
  const idempotencyKey = args.text('idempotency-key')
  const accepted = await api.ask<Invalidation>({
    method: 'POST',
    path,
    ...what,
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
  })
  if (args.flag('wait')) {
    if (!call.json) call.io.stdout.write(`${acceptance(accepted)}\n`)
    return followToTheEnd(call, path, accepted.id)
  }
  const text = call.json
    ? JSON.stringify(accepted)
    : `${acceptance(accepted)}\n${sentenceOf(accepted)}`
  call.io.stdout.write(`${text}\n`)
  return EXIT.ok
}

function acceptance({ id, urlCount, estimatedSeconds }: Invalidation): string {
  return `${id}: ${count(urlCount, 'URL')}, about ${duration(estimatedSeconds)}`
}

async function dryRun(
  call: CommandCall,
  project: string,
  selection: SelectionBody,
): Promise<number> {
  const api = await call.client()
  const path = `${project}/invalidations/preview`
  const preview = await api.ask<Preview>({ method: 'POST', path, json: selection })
  call.io.stdout.write(call.json ? `${JSON.stringify(preview)}\n` : previewText(preview))
  return preview.refusal === null ? EXIT.ok : EXIT.refused
}

function previewText(preview: Preview): string {
  const rows = preview.urls.map((row) => [
    row.url,
    row.from,
    row.covers ?? 'goes by asset',
    servedText(row),
  ])
  const problems = preview.problems.map(
    ({ reason, url, item, line, pointer }) =>
      `  ${url ?? item ?? (line === undefined ? (pointer ?? '') : `line ${line}`)}: ${reason}\n`,
  )
  const targets = preview.targets.map(({ id, requests, estimatedSeconds }) => [
    id,
    count(requests, 'request'),
    `about ${duration(estimatedSeconds)}`,
  ])
  return [
    rows.length === 0 ? '' : `${table(['URL', 'FROM', 'COVERS', 'SERVED'], rows)}\n`,
    problems.length === 0 ? '' : `Problems\n${problems.join('')}\n`,
    targets.length === 0 ? '' : `${table(['TARGET', 'REQUESTS', 'TIME'], targets)}\n`,
    preview.refusal === null
      ? ''
      : `Would be refused: ${preview.refusal.title} ${preview.refusal.detail}\n`,
    `${count(preview.urls.length, 'URL')}, about ${duration(preview.estimatedSeconds)}. Nothing was purged.\n`,
  ].join('')
}

function servedText({ served, lastSeenAt }: Preview['urls'][number]): string {
  if (served === null) return '?'
  if (!served) return 'never'
  return lastSeenAt === null ? 'yes' : localTime(lastSeenAt)
}

export const invalidateCommand: Command = {
  name: 'invalidate',
  summary: 'get stale pictures out of every cache',
  help: HELP,
  options: {
    url: { type: 'string', multiple: true },
    original: { type: 'string', multiple: true },
    folder: { type: 'string', multiple: true },
    exclude: { type: 'string', multiple: true },
    presets: { type: 'boolean' },
    template: { type: 'boolean' },
    crops: { type: 'boolean' },
    served: { type: 'boolean' },
    content: { type: 'boolean' },
    'no-renditions': { type: 'boolean' },
    all: { type: 'boolean' },
    confirm: { type: 'string' },
    soft: { type: 'boolean' },
    at: { type: 'string' },
    note: { type: 'string' },
    'dry-run': { type: 'boolean' },
    wait: { type: 'boolean' },
    'idempotency-key': { type: 'string' },
  },
  run,
}
