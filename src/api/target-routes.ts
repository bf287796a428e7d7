import { TARGETS_PER_PROJECT_MAX, TARGET_ID } from '../contract/api/targets.ts'
import { Target, TargetList, TargetPut, TargetTest, TargetTested } from '../contract/api/targets.ts'
import { Empty } from '../contract/api/shapes.ts'
import type { OuterTarget } from '../contract/targets.ts'
import type { ProjectRow, TargetRow } from '../store/store.ts'
import { secretProblems, settingsOf, settingsProblems } from '../targets/target-rules.ts'
import type { SettingsProblem } from '../targets/target-rules.ts'
import { mayAct } from './access.ts'
import { answers } from './answers.ts'
import { rolesIn } from './callers.ts'
import { askedUrl, namesOf } from './delivery-names.ts'
import { ApiError } from './errors.ts'
import { callerOf, projectOf } from './guard.ts'
import { endsWith } from './node-routes.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'

/** What purges go to: our own nodes, listed, and caches outside Sluice, which admins describe. */

const P = '/api/v1/projects/:project/targets'
const tags = ['targets']

type Id = { Params: { id: string } }

export const targetRoutes: Routes = (app, parts) => {
  app.get(
    P,
    { schema: { summary: 'What purges go to', tags, response: { 200: answers(TargetList) } } },
    async (request) => wholeList(await list(parts, projectOf(request).id, isAdmin(request))),
  )

  app.get<Id>(
    `${P}/:id`,
    { schema: { summary: 'A target', tags, response: { 200: answers(Target) } } },
    async (request) => {
      const targets = await list(parts, projectOf(request).id, isAdmin(request))
      const target = targets.find(({ id }) => id === request.params.id)
      if (target === undefined) throw unknownTarget()
      return target
    },
  )

  changeRoutes(app, parts)
  trialRoute(app, parts)
}

const changeRoutes: Routes = (app, parts) => {
  app.put<Id & { Body: TargetPut }>(
    `${P}/:id`,
    {
      schema: {
        summary: 'Make or change a target outside Sluice',
        tags,
        body: TargetPut,
        response: { 200: answers(Target) },
      },
    },
    async (request) => {
      const { id: project } = projectOf(request)
      const { id } = request.params
      await refuseNode(parts, id)
      const rows = await parts.store.tables.targets.list(project)
      const before = rows.find((row) => row.id === id)
      if (!before) refuseNew(id, rows)
      const settings = settingsOf(request.body, before?.settings)
      refuseProblems([
        ...settingsProblems(settings),
        ...secretProblems(request.body, before?.settings),
      ])
      const createdAt = before?.createdAt ?? parts.clock.wall()
      const row = { project, id, settings, createdAt }
      await parts.targets.put(row)
      return outerView(row, true)
    },
  )

  app.delete<Id>(
    `${P}/:id`,
    { schema: { summary: 'Remove a target', tags, response: { 200: answers(Empty) } } },
    async (request) => {
      const { id: project } = projectOf(request)
      await refuseNode(parts, request.params.id)
      if (!(await parts.targets.remove(project, request.params.id))) throw unknownTarget()
      return {}
    },
  )
}

const trialRoute: Routes = (app, parts) => {
  app.post<Id & { Body: TargetTest }>(
    `${P}/:id/test`,
    {
      // A plain POST asks for a URL of our choice.
      preValidation: async (request) => {
        request.body ??= {}
      },
      schema: {
        summary: 'Try a target: one purge request, and one look through it',
        tags,
        body: TargetTest,
        response: { 200: answers(TargetTested) },
      },
    },
    async (request, reply) => {
      const row = projectOf(request)
      const targets = await parts.store.tables.targets.list(row.id)
      const target = targets.find(({ id }) => id === request.params.id)
      if (target === undefined) throw unknownTarget()
      const url = trialUrl(row, target.settings, request.body.url)
      const place = { url, target: meaningOf(row, url) }
      const tried = await parts.targets.try(row.id, target, place, endsWith(reply))
      const seen = tried.look === null || tried.look.verdict === 'fresh'
      return { ok: tried.purge.ok && seen, url, ...tried }
    },
  )
}

function isAdmin(request: Parameters<typeof callerOf>[0]): boolean {
  return mayAct(rolesIn(callerOf(request), projectOf(request).id), 'admin')
}

async function list(parts: ApiParts, project: string, admin: boolean): Promise<readonly Target[]> {
  const nodes = await parts.store.tables.nodes.list()
  const own = nodes
    .filter(({ state }) => state === 'in')
    .map(({ id, role, urls }): Target => ({
      id,
      tier: role === 'edge' ? 'cdn' : 'resizing',
      kind: 'sluice',
      readOnly: true,
      paused: false,
      urls: [...urls],
      settings: null,
    }))
  const outer = await parts.store.tables.targets.list(project)
  return [...own, ...outer.map((row) => outerView(row, admin))]
}

function outerView({ id, settings }: TargetRow, admin: boolean): Target {
  return {
    id,
    tier: 'cdn',
    kind: settings.kind,
    readOnly: false,
    paused: settings.paused,
    urls: settings.verifyAddress === null ? [] : [settings.verifyAddress],
    settings: admin ? settingsView(settings) : null,
  }
}

/** Secrets are named, never shown. */
function settingsView(settings: OuterTarget): Target['settings'] {
  const names = Object.keys(settings.secretHeaders)
  const { askers, success } = settings
  return {
    ...settings,
    hosts: [...settings.hosts],
    purge: { ...settings.purge },
    everything: settings.everything && { ...settings.everything },
    success: { ...success, statuses: [...success.statuses] },
    askers: { ...askers, addresses: [...askers.addresses] },
    secretHeaders: Object.fromEntries(names.map((name) => [name, null])),
  }
}

function refuseNew(id: string, rows: readonly TargetRow[]): void {
  if (!TARGET_ID.test(id)) {
    const reason = 'A target’s name has 1 to 64 letters, digits, dots, dashes or underscores.'
    throw new ApiError('bad-target', reason, { errors: [{ pointer: '/id', reason }] })
  }
  if (rows.length < TARGETS_PER_PROJECT_MAX) return
  throw new ApiError('bad-target', `A project has at most ${TARGETS_PER_PROJECT_MAX} targets.`)
}

/** The log names both kinds by their ids. */
async function refuseNode(parts: ApiParts, id: string): Promise<void> {
  const nodes = await parts.store.tables.nodes.list()
  if (!nodes.some((node) => node.id === id)) return
  throw new ApiError('read-only-target', `${id} is a node of Sluice: it is a target by itself.`)
}

function refuseProblems(errors: readonly SettingsProblem[]): void {
  if (errors.length === 0) return
  throw new ApiError('bad-target', errors[0]!.reason, { errors })
}

function unknownTarget(): ApiError {
  return new ApiError('unknown-target', 'There is no target of that id in this project.')
}

/** Nothing is delivered by this name, so that whoever forgets it loses nothing. */
const TRIAL_ASSET = 'sluice-target-trial'

function trialUrl(project: ProjectRow, settings: OuterTarget, given: string | undefined): string {
  if (given !== undefined) {
    const asked = askedUrl(given, project.id, namesOf([project]), [])
    return new URL(asked.target, `${schemeOf(given)}//${asked.host}`).href
  }
  const host = settings.hosts[0]
  const base = host === undefined ? (project.publishServer ?? 'http://localhost') : `http://${host}`
  const company = encodeURIComponent(project.company ?? project.id)
  return `${base}/is/image/${company}/${TRIAL_ASSET}`
}

function schemeOf(url: string): string {
  return URL.parse(url)?.protocol ?? 'http:'
}

function meaningOf(project: ProjectRow, url: string): string {
  return askedUrl(url, project.id, namesOf([project]), []).meaning.target
}
