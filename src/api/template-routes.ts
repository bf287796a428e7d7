import { Template, TemplateCheck, TemplateChecked, TemplatePut } from '../contract/api/projects.ts'
import { answers } from './answers.ts'
import { projectOf } from './guard.ts'
import type { Routes } from './parts.ts'

/** The project's CDN invalidation template: lines with `<ID>` (Adobe, "Invalidate the CDN cache"). */

const T = '/api/v1/projects/:project/template'
const tags = ['template']

export const templateRoutes: Routes = (app, parts) => {
  app.get(
    T,
    { schema: { summary: 'The template', tags, response: { 200: answers(Template) } } },
    async (request) => {
      const { template, templateVersion } = projectOf(request)
      return { text: template, version: templateVersion }
    },
  )

  app.put(
    T,
    {
      schema: {
        summary: 'Change the template',
        tags,
        body: TemplatePut,
        response: { 200: answers(Template) },
      },
    },
    async (request) => {
      const { text, version } = request.body
      const row = await parts.assets.putTemplate(projectOf(request).id, text, version)
      return { text: row.template, version: row.templateVersion }
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
