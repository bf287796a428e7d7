import type { Template, TemplateChecked, TemplateVersionList } from '../contract/api/projects.ts'
import type { Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { textOf } from './lines.ts'
import { count, localTime, table } from './output.ts'

async function run(call: CommandCall): Promise<number> {
  const [verb, ...rest] = call.args.positionals
  if (verb === 'get') return get(call)
  if (verb === 'put') return put(call)
  if (verb === 'check') return check(call, rest)
  if (verb === 'versions') return versions(call)
  if (verb === 'restore') return restore(call)
  throw new CliError('usage', 'sluice template takes get, put, check, versions or restore')
}

async function templatePath(call: CommandCall): Promise<string> {
  return `${await call.projectPath()}/template`
}

async function get(call: CommandCall): Promise<number> {
  call.args.take('get')
  const api = await call.client()
  const template = await api.ask<Template>({ path: await templatePath(call) })
  const text =
    template.text === '' || template.text.endsWith('\n') ? template.text : `${template.text}\n`
  call.io.stdout.write(call.json ? `${JSON.stringify(template)}\n` : text)
  return EXIT.ok
}

async function put(call: CommandCall): Promise<number> {
  const [, source] = call.args.take('put', '- or @file')
  const text = await textOf(source!, call.io)
  if (text === undefined) throw new CliError('usage', `'${source}' is neither - nor @file`)
  const api = await call.client()
  const path = await templatePath(call)
  const version = editedVersion(call)
  const json = { text, ...(version === undefined ? {} : { version }) }
  const template = await api.ask<Template>({ method: 'PUT', path, json })
  const lines = template.text.split('\n').filter((line) => line.trim() !== '').length
  call.io.stdout.write(
    call.json ? `${JSON.stringify(template)}\n` : `The template has ${count(lines, 'line')} now.\n`,
  )
  return EXIT.ok
}

/** Which version was edited, so that what somebody saved meanwhile is not overwritten. */
function editedVersion(call: CommandCall): number | undefined {
  const text = call.args.text('version')
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CliError('usage', `--version ${text} is no number of a version: see template versions`)
}

async function versions(call: CommandCall): Promise<number> {
  call.args.take('versions')
  const api = await call.client()
  const list = await api.ask<TemplateVersionList>({ path: `${await templatePath(call)}/versions` })
  const rows = list.items.map(({ version, savedAt, savedBy, lines }) => [
    String(version),
    localTime(savedAt),
    savedBy,
    count(lines, 'line'),
  ])
  const text = rows.length === 0 ? 'It was never saved.\n' : table(VERSION_HEADS, rows)
  call.io.stdout.write(call.json ? `${JSON.stringify(list)}\n` : text)
  return EXIT.ok
}

const VERSION_HEADS = ['VERSION', 'SAVED', 'BY', 'LENGTH']

async function restore(call: CommandCall): Promise<number> {
  const [, version] = call.args.take('restore', 'VERSION')
  const api = await call.client()
  const path = `${await templatePath(call)}/versions/${encodeURIComponent(version!)}/restore`
  const template = await api.ask<Template>({ method: 'POST', path, json: {} })
  const text = `Version ${version} of the template is now version ${template.version}.\n`
  call.io.stdout.write(call.json ? `${JSON.stringify(template)}\n` : text)
  return EXIT.ok
}

async function check(call: CommandCall, rest: readonly string[]): Promise<number> {
  const api = await call.client()
  const path = await templatePath(call)
  const given = rest[0] === undefined ? undefined : await textOf(rest[0], call.io)
  const text = given ?? (await api.ask<Template>({ path })).text
  const assets = given === undefined ? rest : rest.slice(1)
  const checked = await api.ask<TemplateChecked>({
    method: 'POST',
    path: `${path}/check`,
    json: { text, assets },
  })
  const wrong = checked.lines.some(({ problems }) =>
    problems.some(({ level }) => level === 'error'),
  )
  call.io.stdout.write(call.json ? `${JSON.stringify(checked)}\n` : checkedText(checked))
  return wrong ? EXIT.failed : EXIT.ok
}

function checkedText({ lines }: TemplateChecked): string {
  return lines
    .filter(({ text }) => text.trim() !== '')
    .map(({ line, text, problems, urls }) => {
      const said = problems.map(
        ({ column, level, reason }) => `    column ${column}: ${level}: ${reason}\n`,
      )
      const formed = urls.map((url) => `    ${url}\n`)
      return [`${String(line).padStart(3)} ${text}\n`, ...said, ...formed].join('')
    })
    .join('')
}

export const templateCommand: Command = {
  name: 'template',
  summary: 'get, put or check the CDN invalidation template; its versions',
  help: `usage: sluice template get
       sluice template put (- | @file) [--version N]
       sluice template check [- | @file] [ASSET...]
       sluice template versions
       sluice template restore VERSION

put --version N is refused when N is not the newest any more: somebody else has saved meanwhile (--json has both texts).
check shows what is wrong with each line and which URLs it forms for the assets; without - or @file it reads the
project's template. Exit 1 if a line has an error. versions lists who saved it when; restore makes an older one the newest.
`,
  options: { version: { type: 'string' } },
  run,
}
