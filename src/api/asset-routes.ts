import {
  Asset,
  AssetActions,
  AssetActionsDone,
  AssetList,
  AssetPatch,
  AssetQuery,
  AssetVersionList,
  Copies,
  FolderList,
  FolderQuery,
  RenditionList,
} from '../contract/api/assets.ts'
import { Empty, PageQuery, closed } from '../contract/api/shapes.ts'
import { keyText } from '../contract/keys.ts'
import type { BulkAction } from '../assets/assets.ts'
import { AssetsError } from '../assets/errors.ts'
import type { AssetRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { copiesOf } from './copies.ts'
import { callerOf, projectOf } from './guard.ts'
import { pageOf, pageRequest, wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'
import { RequestInvalid } from './validation.ts'
import { assetView, instant } from './views.ts'

/** Assets: what a project has, and changes of it that need no file. */

const P = '/api/v1/projects/:project'
const A = `${P}/assets/:id`
const tags = ['assets']

export const assetRoutes: Routes = (app, parts) => {
  listRoutes(app, parts)
  changeRoutes(app, parts)
  bulkRoutes(app, parts)
  knowledgeRoutes(app, parts)
}

const listRoutes: Routes = (app, parts) => {
  app.get(
    `${P}/assets`,
    {
      schema: {
        summary: 'Assets',
        tags,
        querystring: AssetQuery,
        response: { 200: answers(AssetList) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      const { cursor: _cursor, limit: _limit, ...filter } = request.query
      const wanted = pageRequest(request.query, request.signal)
      const page = await parts.assets.list(project.id, filter, wanted)
      return pageOf(page, (row) => assetView(row, project))
    },
  )

  app.get(
    `${P}/folders`,
    {
      schema: {
        summary: 'Folders directly below a folder',
        tags,
        querystring: FolderQuery,
        response: { 200: answers(FolderList) },
      },
    },
    async (request) =>
      wholeList(await parts.assets.folders(projectOf(request).id, request.query.parent ?? '')),
  )
}

const changeRoutes: Routes = (app, parts) => {
  app.get<{ Params: { id: string } }>(
    A,
    { schema: { summary: 'An asset', tags, response: { 200: answers(Asset) } } },
    async (request) => {
      const project = projectOf(request)
      return assetView(await known(parts, project.id, request.params.id), project)
    },
  )

  app.patch<{ Params: { id: string }; Body: AssetPatch }>(
    A,
    {
      schema: {
        summary: 'Publish, unpublish, move or rename',
        tags,
        body: AssetPatch,
        response: { 200: answers(Asset) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      const { by } = callerOf(request)
      const row = await parts.assets.patch(project.id, request.params.id, request.body, by)
      return assetView(row, project)
    },
  )

  app.delete<{ Params: { id: string } }>(
    A,
    { schema: { summary: 'Delete an asset', tags, response: { 200: answers(Empty) } } },
    async (request) => {
      await parts.assets.remove(projectOf(request).id, request.params.id, callerOf(request).by)
      return {}
    },
  )

  app.post<{ Params: { id: string; version: string } }>(
    `${A}/versions/:version/restore`,
    {
      schema: {
        summary: 'Make an older version the newest one',
        tags,
        response: { 200: answers(Asset) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      const { id, version } = request.params
      const { by } = callerOf(request)
      return assetView(
        await parts.assets.restore(project.id, id, versionNumber(version), by),
        project,
      )
    },
  )
}

const bulkRoutes: Routes = (app, parts) => {
  app.post(
    `${P}/assets/actions`,
    {
      schema: {
        summary: 'Publish, unpublish, delete or move many, all or nothing',
        tags,
        body: AssetActions,
        response: { 200: answers(AssetActionsDone) },
      },
    },
    async (request) => {
      const { by } = callerOf(request)
      const items = await parts.assets.bulk(projectOf(request).id, actionOf(request.body), by)
      return {
        changed: items.filter(({ changed }) => changed).length,
        items: items.map((item) => ({ ...item })),
      }
    },
  )
}

function actionOf({ action, ids, to }: AssetActions): BulkAction {
  const moves = action === 'move'
  if (moves !== (to !== undefined)) {
    const reason = moves ? 'is missing: name the folder' : 'is for moving alone'
    throw new RequestInvalid([{ pointer: '/to', reason }])
  }
  return moves ? { kind: action, ids, to: to! } : { kind: action, ids }
}

const knowledgeRoutes: Routes = (app, parts) => {
  app.get<{ Params: { id: string } }>(
    `${A}/versions`,
    {
      schema: {
        summary: 'History, newest first',
        tags,
        response: { 200: answers(AssetVersionList) },
      },
    },
    async (request) => {
      const { id } = await known(parts, projectOf(request).id, request.params.id)
      const versions = await parts.assets.versions(projectOf(request).id, id)
      return wholeList(
        versions.map((version) => ({ ...version, createdAt: instant(version.createdAt) })),
      )
    },
  )

  const RenditionQuery = closed(PageQuery)
  app.get<{ Params: { id: string }; Querystring: { cursor?: string; limit?: number } }>(
    `${A}/renditions`,
    {
      schema: {
        summary: 'Every URL known to have been served, newest sighting first',
        tags,
        querystring: RenditionQuery,
        response: { 200: answers(RenditionList) },
      },
    },
    async (request) => {
      const project = projectOf(request).id
      // An asset that is gone may still be known by what was served of it.
      const subject = keyText.asset(project, request.params.id)
      const { served } = parts.store.tables
      const page = await served.list(project, subject, pageRequest(request.query))
      if (page.items.length === 0) await known(parts, project, request.params.id)
      return pageOf(page, (row) => ({ ...row, lastSeenAt: instant(row.lastSeenAt) }))
    },
  )

  app.get<{ Params: { id: string } }>(
    `${A}/copies`,
    {
      schema: {
        summary: 'Which edges hold old copies; looking changes nothing',
        tags,
        response: { 200: answers(Copies) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      return copiesOf(parts, project, await known(parts, project.id, request.params.id))
    },
  )
}

export async function known(parts: ApiParts, project: string, id: string): Promise<AssetRow> {
  const row = await parts.assets.get(project, id)
  if (row !== null) return row
  throw new AssetsError('unknown-asset', 'The project has no asset of that id.')
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new AssetsError('unknown-version', 'Versions are counted 1, 2, 3…')
}
