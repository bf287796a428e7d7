import type { Target, TargetList, TargetTested } from '../contract/api/targets.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { textOf } from './lines.ts'
import { table } from './output.ts'

/** What purges go to: our own nodes, and caches outside Sluice. */

interface Place {
  readonly api: ApiClient
  readonly path: string
}

async function placeOf(call: CommandCall, id?: string): Promise<Place> {
  const path = `${await call.projectPath()}/targets`
  const api = await call.client()
  return { api, path: id === undefined ? path : `${path}/${encodeURIComponent(id)}` }
}

async function run(call: CommandCall): Promise<number> {
  const [verb = 'list'] = call.args.positionals
  switch (verb) {
    case 'list':
      return list(call)
    case 'show':
      return show(call)
    case 'put':
      return put(call)
    case 'test':
      return test(call)
    case 'pause':
      return pause(call, true)
    case 'resume':
      return pause(call, false)
    case 'remove':
      return remove(call)
    default:
      throw new CliError(
        'usage',
        'sluice targets takes list, show, put, test, pause, resume, remove',
      )
  }
}

async function list(call: CommandCall): Promise<number> {
  const { api, path } = await placeOf(call)
  const targets = await api.ask<TargetList>({ path })
  if (call.json) {
    call.io.stdout.write(`${JSON.stringify(targets)}\n`)
    return EXIT.ok
  }
  const rows = targets.items.map(({ id, tier, kind, paused, urls }) => [
    id,
    tier,
    kind,
    paused ? 'paused' : '',
    urls.join(' '),
  ])
  call.io.stdout.write(table(['TARGET', 'TIER', 'KIND', '', 'AT'], rows))
  return EXIT.ok
}

/** In the form that `put` takes, so that it can be edited: secrets are null, which keeps them. */
async function show(call: CommandCall): Promise<number> {
  const [, id] = call.args.take('show', 'ID')
  const { api, path } = await placeOf(call, id)
  const target = await api.ask<Target>({ path })
  const shown = call.json
    ? JSON.stringify(target)
    : JSON.stringify(target.settings ?? target, null, 2)
  call.io.stdout.write(`${shown}\n`)
  return EXIT.ok
}

async function put(call: CommandCall): Promise<number> {
  const [, id, source] = call.args.take('put', 'ID', '- or @file')
  const text = await textOf(source ?? '', call.io)
  if (text === undefined) throw new CliError('usage', `'${source}' is neither - nor @file`)
  const { api, path } = await placeOf(call, id)
  const target = await api.ask<Target>({ method: 'PUT', path, json: parsed(text, source!) })
  const said = `Purges go to ${target.id}, too. Try it: sluice targets test ${target.id}`
  call.io.stdout.write(`${call.json ? JSON.stringify(target) : said}\n`)
  return EXIT.ok
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CliError('usage', `${source} is not JSON: ${(error as SyntaxError).message}`, error)
  }
}

async function test(call: CommandCall): Promise<number> {
  const [, id] = call.args.take('test', 'ID')
  const { api, path } = await placeOf(call, id)
  const url = call.args.text('url')
  const json = url === undefined ? {} : { url }
  const tried = await api.ask<TargetTested>({ method: 'POST', path: `${path}/test`, json })
  call.io.stdout.write(call.json ? `${JSON.stringify(tried)}\n` : triedText(tried))
  return tried.ok ? EXIT.ok : EXIT.failed
}

function triedText({ purge, look }: TargetTested): string {
  const seen =
    look === null
      ? 'look   it has no verify address: what it holds stays unverifiable'
      : `look   ${look.verdict}, mark ${look.mark ?? '-'}${look.detail === null ? '' : `, ${look.detail}`} (${look.milliseconds} ms)`
  return `purge  ${purge.ok ? 'ok' : 'refused'}: ${purge.detail} (${purge.milliseconds} ms)\n${seen}\n`
}

async function pause(call: CommandCall, paused: boolean): Promise<number> {
  const [verb, id] = call.args.take(paused ? 'pause' : 'resume', 'ID')
  const { api, path } = await placeOf(call, id)
  const { settings } = await api.ask<Target>({ path })
  if (settings === null)
    throw new CliError('refused', `${id} is a node of Sluice, or your key is not an admin's`)
  const target = await api.ask<Target>({ method: 'PUT', path, json: { ...settings, paused } })
  const said = paused
    ? `${id} is asked nothing until sluice targets resume ${id}; what it holds is unverifiable.`
    : `Purges go to ${id} again. What it missed meanwhile it still holds: purge it.`
  call.io.stdout.write(`${call.json ? JSON.stringify({ verb, target }) : said}\n`)
  return EXIT.ok
}

async function remove(call: CommandCall): Promise<number> {
  const [, id] = call.args.take('remove', 'ID')
  const { api, path } = await placeOf(call, id)
  await api.ask({ method: 'DELETE', path })
  call.io.stdout.write(call.json ? '{}\n' : `Purges go to ${id} no more.\n`)
  return EXIT.ok
}

export const targetsCommand: Command = {
  name: 'targets',
  summary: 'what purges go to: our own nodes, and caches outside Sluice',
  help: `usage: sluice targets [list]
       sluice targets show ID
       sluice targets put ID @file | -
       sluice targets test ID [--url URL]
       sluice targets pause ID | resume ID | remove ID

  put         its settings as JSON; docs/reference/targets.md tells them, and has examples
  test        one purge request and one look through it: exit 0 when both went well, else 1
  --url       for test: a URL of the project that the cache may forget
`,
  options: { url: { type: 'string' } },
  run,
}
