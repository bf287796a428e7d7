import type { OriginRule } from '../contract/records.ts'
import { Project, ProjectCreate, ProjectList, ProjectPatch } from '../contract/api/projects.ts'
import { Overview } from '../contract/api/nodes.ts'
import { FolderProblemList } from '../contract/api/assets.ts'
import type { InvalidationStatus } from '../contract/invalidation.ts'
import type { ProjectSettings } from '../assets/assets.ts'
import type { ProjectRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { rolesIn } from './callers.ts'
import type { Caller } from './callers.ts'
import { callerOf, projectOf } from './guard.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'
import { nodeView, projectView, readOnlySource } from './views.ts'

const P = '/api/v1/projects/:project'
/** Home shows the newest few; the log has the rest. */
const SHOWN_MAX = 10

export const projectRoutes: Routes = (app, parts) => {
  app.get(
    '/api/v1/projects',
    {
      schema: {
        summary: 'Projects that you may see',
        tags: ['projects'],
        response: { 200: answers(ProjectList) },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const rows = await parts.store.tables.projects.list()
      const visible = rows.filter(({ id }) => rolesIn(caller, id).length > 0)
      return wholeList(await Promise.all(visible.map((row) => shown(parts, row, caller))))
    },
  )

  app.post(
    '/api/v1/projects',
    {
      schema: {
        summary: 'A new project',
        tags: ['projects'],
        body: ProjectCreate,
        response: { 201: answers(Project) },
      },
    },
    async (request, reply) => {
      const { id, ...settings } = request.body
      const row = await parts.assets.createProject(id, settingsOf(settings))
      return reply.code(201).send(await shown(parts, row, callerOf(request)))
    },
  )

  app.get(
    P,
    {
      schema: {
        summary: 'A project and its settings',
        tags: ['projects'],
        response: { 200: answers(Project) },
      },
    },
    async (request) => shown(parts, projectOf(request), callerOf(request)),
  )

  app.patch(
    P,
    {
      schema: {
        summary: 'Change settings; what is left out stays',
        tags: ['projects'],
        body: ProjectPatch,
        response: { 200: answers(Project) },
      },
    },
    async (request) => {
      const row = await parts.assets.updateProject(projectOf(request).id, settingsOf(request.body))
      return shown(parts, row, callerOf(request))
    },
  )

  overviewRoutes(app, parts)
}

const overviewRoutes: Routes = (app, parts) => {
  app.get(
    `${P}/overview`,
    {
      schema: {
        summary: 'What Home shows',
        tags: ['projects'],
        response: { 200: answers(Overview) },
      },
    },
    async (request) => overview(parts, projectOf(request)),
  )

  app.get(
    `${P}/problems`,
    {
      schema: {
        summary: 'Files of a watched folder that are not served, and why',
        tags: ['assets'],
        response: { 200: answers(FolderProblemList) },
      },
    },
    async (request) => wholeList(parts.assets.problems(projectOf(request).id)),
  )
}

async function shown(parts: ApiParts, row: ProjectRow, caller: Caller): Promise<Project> {
  return projectView(row, {
    roles: rolesIn(caller, row.id),
    demoProject: parts.demo?.project ?? null,
    nodes: await parts.store.tables.nodes.list(),
  })
}

/** An origin without a scheme is fetched by HTTPS. */
function settingsOf({ origins, ...settings }: ProjectPatch): ProjectSettings {
  if (origins === undefined) return settings
  const rules = origins.map((rule): OriginRule => ({ ...rule, scheme: rule.scheme ?? 'https' }))
  return { ...settings, origins: rules }
}

async function overview(parts: ApiParts, row: ProjectRow): Promise<Overview> {
  const { tables } = parts.store
  const newest = async (status: readonly InvalidationStatus[]) =>
    (await parts.invalidations.list(row.id, { status }, { limit: SHOWN_MAX })).items
  const [counts, failing, running, head, nodes] = await Promise.all([
    tables.invalidations.countByStatus(row.id),
    newest(['ERROR', 'ERROR_CDN_NODE']),
    newest([
      'Scheduled',
      'Received',
      'Preparing',
      'Flushing resizing servers',
      'Flushing CDN servers',
      'Verifying',
    ]),
    tables.log.head(),
    tables.nodes.list(),
  ])
  return {
    project: row.id,
    counts: { ...counts },
    failing: failing as Overview['failing'],
    running: running as Overview['running'],
    nodes: nodes.map((node) => nodeView(node, head, parts.config.leaseMs)),
    automaticInvalidation: row.automaticInvalidation,
    demo: row.id === parts.demo?.project,
    readOnlySource: readOnlySource(row),
    folderProblems: parts.assets.problems(row.id).length,
  }
}
