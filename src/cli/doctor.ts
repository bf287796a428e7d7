import type { NodeList, NodeView, Overview } from '../contract/api/nodes.ts'
import type { Project } from '../contract/api/projects.ts'
import type { Me } from '../contract/api/session.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { count } from './output.ts'

/** What doctor found about one thing: fine, worth knowing, or broken with a cure. */
interface Finding {
  readonly level: 'ok' | 'note' | 'FAIL'
  readonly what: string
  readonly says: string
}

/** A clock that is further off makes log times and schedules misleading; Sluice itself does not depend on it. */
const CLOCK_OFF_MAX_MS = 5_000
/** A running node applies an entry within milliseconds. */
const LAG_MAX = 100

const ok = (what: string, says: string): Finding => ({ level: 'ok', what, says })
const note = (what: string, says: string): Finding => ({ level: 'note', what, says })
const fail = (what: string, says: string): Finding => ({ level: 'FAIL', what, says })

async function run(call: CommandCall): Promise<number> {
  call.args.take()
  const findings: Finding[] = []
  const report = (...found: readonly Finding[]): void => {
    findings.push(...found)
    if (call.json) return
    for (const { level, what, says } of found)
      call.io.stdout.write(`${level.padEnd(5)} ${what}: ${says}\n`)
  }
  await examine(call, report)
  if (call.json) call.io.stdout.write(`${JSON.stringify({ findings })}\n`)
  return findings.some(({ level }) => level === 'FAIL') ? EXIT.failed : EXIT.ok
}

/** Each later check needs what the earlier ones found, so the first that cannot go on ends it. */
async function examine(
  call: CommandCall,
  report: (...found: readonly Finding[]) => void,
): Promise<void> {
  try {
    const api = await call.client()
    const server = await serverFindings(api, call)
    report(...server.findings)
    const me = await api.ask<Me>({ path: '/me' })
    report(
      ok(
        'key',
        `'${me.name}' is accepted${me.owner ? ', with all rights' : ''}; server version ${me.version}`,
      ),
    )
    const project = await call.projectPath()
    report(...projectFindings(await api.ask<Project>({ path: project })))
    const { items } = await api.ask<NodeList>({ path: '/nodes' })
    report(...nodeFindings(items, { version: me.version, now: server.now }))
    report(...overviewFindings(await api.ask<Overview>({ path: `${project}/overview` })))
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    report(fail(error.code, error.message))
  }
}

interface ServerFindings {
  readonly findings: readonly Finding[]
  /** The server's time of day, as far as it told it. */
  readonly now: number
}

async function serverFindings(api: ApiClient, call: CommandCall): Promise<ServerFindings> {
  const { server } = api.connection
  const asked = call.io.clock.wall()
  const health = await api.look('/healthz')
  const answered = call.io.clock.wall()
  const ready = await api.look('/readyz')
  const found = [
    health.status === 200
      ? ok('server', `${server} answers`)
      : fail('server', `${server}/healthz answers ${health.status}`),
    ready.status === 200
      ? ok('ready', 'the store answers and nodes are registered')
      : fail('ready', `/readyz answers ${ready.status}: see the log of the control process`),
  ]
  if (health.date === null) return { findings: found, now: answered }
  // The Date header has whole seconds (RFC 9110 §6.6.1): a second of difference says nothing.
  const off = Date.parse(health.date) - (asked + answered) / 2
  const says = `differs from this machine's by ${(off / 1000).toFixed(1)} s`
  found.push(
    Math.abs(off) <= CLOCK_OFF_MAX_MS
      ? ok('clock', says)
      : note('clock', `${says}: set both by NTP, times in the log mislead`),
  )
  return { findings: found, now: Date.parse(health.date) }
}

function projectFindings(project: Project): Finding[] {
  const found = [ok('project', `'${project.id}', your roles: ${project.roles.join(', ')}`)]
  if (project.publishServer === null || project.company === null) {
    found.push(
      note(
        'settings',
        'no publish server or company: URLs of assets cannot be formed (General Settings)',
      ),
    )
  }
  if (!project.automaticInvalidation) {
    found.push(
      note('automatic', 'automatic invalidation is off: after a change somebody must invalidate'),
    )
  }
  return found
}

/** A node that runs is heard of three times a lease; the Date header has whole seconds. */
const SILENT_EXTRA_MS = 2_000

interface Control {
  readonly version: string
  readonly now: number
}

function nodeFindings(nodes: readonly NodeView[], { version, now }: Control): Finding[] {
  const found: Finding[] = []
  for (const role of ['resizer', 'edge'] as const) {
    if (!nodes.some((node) => node.role === role && node.state === 'in')) {
      found.push(fail('nodes', `no ${role} is in: start one, see sluice ${role} --help`))
    }
  }
  for (const node of nodes) {
    const name = `${node.role} ${node.id}`
    const said = `applied ${node.applied} of ${node.head}, lease ${node.leaseSeconds} s, version ${node.version}`
    if (node.state === 'out') {
      found.push(
        fail(
          name,
          `is out since it was last seen ${node.seenAt}: start it again, or remove it on the page Nodes`,
        ),
      )
    } else if (now - Date.parse(node.seenAt) > node.leaseSeconds * 1000 + SILENT_EXTRA_MS) {
      found.push(
        fail(
          name,
          `was last heard of at ${node.seenAt}, so its lease is over: does it run, and can it reach control?`,
        ),
      )
    } else if (node.lag > LAG_MAX) {
      found.push(
        fail(
          name,
          `is ${count(node.lag, 'entry', 'entries')} behind (${said}): is it overloaded or cut off?`,
        ),
      )
    } else if (node.version === version) found.push(ok(name, said))
    else found.push(note(name, `${said}: control has version ${version}, update the older one`))
  }
  return found
}

function overviewFindings(overview: Overview): Finding[] {
  const found: Finding[] = []
  const { failing, folderProblems } = overview
  if (failing.length === 0) found.push(ok('invalidations', 'none is failing'))
  for (const { id, status, failure } of failing) {
    found.push(
      fail(
        'invalidation',
        `${id} ended in ${status}: ${failure ?? 'no reason given'}. Again: sluice retry ${id}`,
      ),
    )
  }
  if (folderProblems > 0) {
    found.push(
      note(
        'folder',
        `${count(folderProblems, 'file')} of the watched folder cannot be served: see Problems in the console`,
      ),
    )
  }
  return found
}

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check server, key, nodes, leases, versions and clock',
  help: `usage: sluice doctor

Looks, changes nothing. Each line is ok, note or FAIL with a cure; exit 1 if anything fails.
`,
  options: {},
  run,
}
