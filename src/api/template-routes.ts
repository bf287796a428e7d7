import {
  Template,
  TemplateCheck,
  TemplateChecked,
  TemplatePut,
  TemplateRestore,
  TemplateVersionList,
} from '../contract/api/projects.ts'
import { AssetsError } from '../assets/errors.ts'
import type { ProjectRow, TemplateVersionRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { callerOf, projectOf } from './guard.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'
import { instant } from './views.ts'

/** The project's CDN invalidation template: lines with `<ID>` (Adobe, "Invalidate the CDN cache"). */

const T = '/api/v1/projects/:project/template'
const tags = ['template']

export const templateRoutes: Routes = (app, parts) => {
  editRoutes(app, parts)
  historyRoutes(app, parts)
}

const editRoutes: Routes = (app, parts) => {
  app.get(
    T,
    { schema: { summary: 'The template', tags, response: { 200: answers(Template) } } },
    async (request) => shown(parts, projectOf(request)),
  )

  app.put(
    T,
    {
      schema: {
        summary: 'Change the template; what is in it never keeps it from being saved',
        tags,
        body: TemplatePut,
        response: { 200: answers(Template) },
      },
    },
    async (request) => {
      const { text, version } = request.body
      const { by } = callerOf(request)
      return shown(parts, await parts.assets.putTemplate(projectOf(request).id, text, by, version))
    },
  )

  app.post(
    `${T}/check`,
    {
      schema: {
        summary: 'What each line would form, and what is wrong with it',
        tags,
        body: TemplateCheck,
        response: { 200: answers(TemplateChecked) },
      },
    },
    async (request) => {
      const { text, assets } = request.body
      const { id } = projectOf(request)
      return { lines: await parts.invalidations.checkTemplate(id, text, assets ?? []) }
    },
  )
}

const historyRoutes: Routes = (app, parts) => {
  type Params = { Params: { version: string } }

  app.get(
    `${T}/versions`,
    {
      schema: {
        summary: 'Who saved the template when, newest first',
        tags,
        response: { 200: answers(TemplateVersionList) },
      },
    },
    async (request) => {
      const versions = await parts.assets.templateVersions(projectOf(request).id)
      return wholeList(
        versions.map(({ version, text, savedAt, savedBy }) => ({
          version,
          savedAt: instant(savedAt),
          savedBy,
          lines: text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '').length,
        })),
      )
    },
  )

  app.get<Params>(
    `${T}/versions/:version`,
    {
      schema: {
        summary: 'A template as it was saved',
        tags,
        response: { 200: answers(Template) },
      },
    },
    async (request) => {
      const version = versionNumber(request.params.version)
      return versionView(await parts.assets.templateVersion(projectOf(request).id, version))
    },
  )

  app.post<Params & { Body: TemplateRestore }>(
    `${T}/versions/:version/restore`,
    {
      schema: {
        summary: 'Make an older template the newest one',
        tags,
        body: TemplateRestore,
        response: { 200: answers(Template) },
      },
    },
    async (request) => {
      const version = versionNumber(request.params.version)
      const { by } = callerOf(request)
      const { id } = projectOf(request)
      return shown(parts, await parts.assets.restoreTemplate(id, version, by, request.body.version))
    },
  )
}

async function shown(parts: ApiParts, row: ProjectRow): Promise<Template> {
  const { id, template: text, templateVersion: version } = row
  const saved = (await parts.assets.templateVersions(id)).find((each) => each.version === version)
  return saved ? versionView(saved) : { text, version, savedAt: null, savedBy: null }
}

function versionView({ version, text, savedAt, savedBy }: TemplateVersionRow): Template {
  return { text, version, savedAt: instant(savedAt), savedBy }
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new AssetsError('unknown-version', 'Versions are counted 1, 2, 3…')
}
