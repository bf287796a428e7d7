import { Asset } from '../contract/api/assets.ts'
import { answers } from './answers.ts'
import { ApiError } from './errors.ts'
import { callerOf, projectOf } from './guard.ts'
import type { Routes } from './parts.ts'
import { assetView } from './views.ts'

const P = '/api/v1/projects/:project'

/** The demo's pictures, so that nobody needs a file to try. */
export const demoRoutes: Routes = (app, parts) => {
  app.post<{ Params: { id: string } }>(
    `${P}/demo/:id/replace`,
    {
      schema: {
        summary: 'Put the next version of a demo picture in',
        tags: ['assets'],
        response: { 200: answers(Asset) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      if (parts.demo === null || parts.demo.project !== project.id) {
        throw new ApiError('not-a-demo', 'Only the demo project has pictures with a version 2.')
      }
      return assetView(await parts.demo.replace(request.params.id, callerOf(request).by), project)
    },
  )
}
