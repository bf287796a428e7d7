import { Crop, CropList, CropPut, CropView } from '../contract/api/assets.ts'
import { Empty, RemoveQuery } from '../contract/api/shapes.ts'
import { AssetsError } from '../assets/errors.ts'
import { answers } from './answers.ts'
import { projectOf } from './guard.ts'
import { wholeList } from './paging.ts'
import type { Routes } from './parts.ts'

/** Smart crops of an image: `<id>:<name>` in URLs. */

const C = '/api/v1/projects/:project/assets/:id/crops'
const tags = ['assets']
type Params = { Params: { id: string; name: string } }

export const cropRoutes: Routes = (app, parts) => {
  app.get<{ Params: { id: string } }>(
    C,
    {
      schema: {
        summary: 'Smart crops as they are delivered, computed or drawn',
        tags,
        response: { 200: answers(CropList) },
      },
    },
    async (request) =>
      wholeList(await parts.assets.crops(projectOf(request).id, request.params.id)),
  )

  app.get<Params>(
    `${C}/:name`,
    { schema: { summary: 'A smart crop', tags, response: { 200: answers(CropView) } } },
    async (request) => {
      const { id, name } = request.params
      const crops = await parts.assets.crops(projectOf(request).id, id)
      const crop = crops.find((each) => each.name === name)
      if (crop === undefined) {
        throw new AssetsError('unknown-crop', 'The asset has no smart crop of that name.')
      }
      return crop
    },
  )

  app.put<Params & { Body: CropPut }>(
    `${C}/:name`,
    {
      schema: {
        summary: 'Draw a smart crop; what was served of it is invalidated',
        tags,
        body: CropPut,
        response: { 200: answers(Crop) },
      },
    },
    async (request) => {
      const { id, name } = request.params
      const { invalidate = false, ...edit } = request.body
      return parts.assets.putCrop(projectOf(request).id, id, name, edit, { invalidate })
    },
  )

  app.delete<Params & { Querystring: RemoveQuery }>(
    `${C}/:name`,
    {
      schema: {
        summary: "Remove a drawn crop; the project's own ones are computed again",
        tags,
        querystring: RemoveQuery,
        response: { 200: answers(Empty) },
      },
    },
    async (request) => {
      const { id, name } = request.params
      const { invalidate = false } = request.query
      await parts.assets.removeCrop(projectOf(request).id, id, name, { invalidate })
      return {}
    },
  )
}
