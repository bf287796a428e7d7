import type { EvidenceExport, InvalidationUrls } from '../contract/api/invalidations.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { isFinal } from '../contract/invalidation.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandCall } from './command.ts'
import { EXIT } from './errors.ts'
import { followToTheEnd, sentenceOf } from './follow.ts'
import { count, localTime, table } from './output.ts'

/** Commands about one invalidation: show, retry, cancel. */

/** What a page of URLs may hold at most (the API's own limit). */
const PAGE_LIMIT = '500'

async function placeOf(call: CommandCall): Promise<{ api: ApiClient; path: string; id: string }> {
  const [id] = call.args.take('ID')
  const path = `${await call.projectPath()}/invalidations`
  return { api: await call.client(), path, id: encodeURIComponent(id!) }
}

async function show(call: CommandCall): Promise<number> {
  const { api, path, id } = await placeOf(call)
  if (call.args.flag('urls')) return showUrls(call, api, `${path}/${id}/urls`)
  if (call.args.flag('evidence')) return showEvidence(call, api, `${path}/${id}/evidence`)
  const invalidation = await api.ask<Invalidation>({ path: `${path}/${id}` })
  if (call.args.flag('wait') && !isFinal(invalidation.status)) return followToTheEnd(call, path, id)
  call.io.stdout.write(
    call.json ? `${JSON.stringify(invalidation)}\n` : invalidationText(invalidation),
  )
  return call.args.flag('wait') && invalidation.status !== 'Done' ? EXIT.failed : EXIT.ok
}

function invalidationText(it: Invalidation): string {
  const facts: [string, string | null][] = [
    ['id', it.id],
    ['status', it.status],
    ['scope', it.scope],
    ['asked', `${localTime(it.createdAt)} by ${it.createdBy} (${it.source})`],
    ['cause', it.cause],
    ['note', it.note],
    ['scheduled', it.scheduledAt === null ? null : localTime(it.scheduledAt)],
    ['URLs', String(it.urlCount)],
    ['seq', it.seq === null ? null : String(it.seq)],
    ['evidence', it.evidence === null ? null : it.evidence.verdict],
    ['failure', it.failure],
  ]
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : [`${name.padEnd(10)} ${value}\n`],
  )
  const timeline = it.timeline.map(({ status, at }) => {
    const after = (Date.parse(at) - Date.parse(it.createdAt)) / 1000
    return `  +${after.toFixed(3)} s  ${status}\n`
  })
  const targets = it.targets.map(({ id, tier, state, attempts, detail }) => [
    id,
    tier,
    state,
    String(attempts),
    detail ?? '',
  ])
  return [
    ...lines,
    'timeline\n',
    ...timeline,
    targets.length === 0
      ? ''
      : `\n${table(['TARGET', 'TIER', 'STATE', 'ATTEMPTS', 'DETAIL'], targets)}`,
    isFinal(it.status) ? `\n${sentenceOf(it)}\n` : '',
  ].join('')
}

/** Every URL, a line each, page after page: fit for a pipe. */
async function showUrls(call: CommandCall, api: ApiClient, path: string): Promise<number> {
  let cursor: string | undefined
  do {
    const page = await api.ask<InvalidationUrls>({ path, query: { limit: PAGE_LIMIT, cursor } })
    for (const url of page.items) call.io.stdout.write(`${call.json ? JSON.stringify(url) : url}\n`)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return EXIT.ok
}

async function showEvidence(call: CommandCall, api: ApiClient, path: string): Promise<number> {
  const evidence = await api.ask<EvidenceExport>({ path })
  if (call.json) {
    call.io.stdout.write(`${JSON.stringify(evidence)}\n`)
    return EXIT.ok
  }
  const nodes = evidence.nodes.map(({ node, role, outcome }) => [node, role, outcome ?? 'waiting'])
  const peeks = evidence.peeks.map(({ node, target, state, mark }) => [
    node,
    state,
    mark === null ? '-' : String(mark),
    target,
  ])
  const { invalidation } = evidence
  // Of our own nodes the copies above say more.
  const asked = new Set(evidence.peeks.map(({ node }) => node))
  const probes = (invalidation.evidence?.probes ?? [])
    .filter(({ via }) => !asked.has(via))
    .map(({ via, mark, cacheStatus, url, detail }) => [
      via,
      mark === null ? '-' : String(mark),
      cacheStatus ?? '-',
      url,
      detail ?? '',
    ])
  const notes = (invalidation.evidence?.notes ?? []).map((note) => `${note}\n`)
  call.io.stdout.write(
    [
      `seq ${invalidation.seq ?? '-'}, ${invalidation.evidence?.verdict ?? 'not verified yet'}\n\n`,
      nodes.length === 0 ? 'No node was asked.\n' : table(['NODE', 'ROLE', 'OUTCOME'], nodes),
      peeks.length === 0 ? '' : `\n${table(['NODE', 'COPY', 'MARK', 'URL'], peeks)}`,
      probes.length === 0 ? '' : `\n${table(['THROUGH', 'MARK', 'CACHE', 'URL', ''], probes)}`,
      notes.length === 0 ? '' : `\n${notes.join('')}`,
    ].join(''),
  )
  return EXIT.ok
}

async function retry(call: CommandCall): Promise<number> {
  const { api, path, id } = await placeOf(call)
  const invalidation = await api.ask<Invalidation>({ method: 'POST', path: `${path}/${id}/retry` })
  if (call.args.flag('wait')) return followToTheEnd(call, path, id)
  const text = call.json ? JSON.stringify(invalidation) : sentenceOf(invalidation)
  call.io.stdout.write(`${text}\n`)
  return EXIT.ok
}

async function cancel(call: CommandCall): Promise<number> {
  const { api, path, id } = await placeOf(call)
  const invalidation = await api.ask<Invalidation>({ method: 'POST', path: `${path}/${id}/cancel` })
  const text = `Cancelled: ${count(invalidation.urlCount, 'URL')} will not be purged.`
  call.io.stdout.write(`${call.json ? JSON.stringify(invalidation) : text}\n`)
  return EXIT.ok
}

export const showCommand: Command = {
  name: 'show',
  summary: 'one invalidation: progress, targets, URLs, evidence',
  help: `usage: sluice show ID [--wait] [--urls | --evidence]

  --wait      follow it to its end: exit 0 on Done, 1 on ERROR
  --urls      its URLs, a line each
  --evidence  what was observed, where: each node's acknowledgement and copies
`,
  options: {
    wait: { type: 'boolean' },
    urls: { type: 'boolean' },
    evidence: { type: 'boolean' },
  },
  run: show,
}

export const retryCommand: Command = {
  name: 'retry',
  summary: 'try a failed invalidation again',
  help: `usage: sluice retry ID [--wait]

From ERROR and ERROR_CDN_NODE only. The id and the history stay; the purge is a new one.
`,
  options: { wait: { type: 'boolean' } },
  run: retry,
}

export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'cancel a scheduled invalidation',
  help: `usage: sluice cancel ID

Only while it is Scheduled: what has been purged cannot be brought back.
`,
  options: {},
  run: cancel,
}
