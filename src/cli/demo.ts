import type { Asset } from '../contract/api/assets.ts'
import type { Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'

async function run(call: CommandCall): Promise<number> {
  const [verb, id] = call.args.take('replace', 'ID')
  if (verb !== 'replace') throw new CliError('usage', `sluice demo takes replace ID, not ${verb}`)
  const api = await call.client()
  const path = `${await call.projectPath()}/demo/${encodeURIComponent(id!)}/replace`
  const asset = await api.ask<Asset>({ method: 'POST', path })
  const text = `${asset.id} is now version ${asset.version}. Edges that hold the old one serve it until: sluice invalidate ${asset.id} --wait`
  call.io.stdout.write(`${call.json ? JSON.stringify(asset) : text}\n`)
  return EXIT.ok
}

export const demoCommand: Command = {
  name: 'demo',
  summary: 'put the next version of a demo picture in',
  help: `usage: sluice demo replace ID

Each demo picture shows its version in large type, so that a stale copy is seen at once.
`,
  options: {},
  run,
}
