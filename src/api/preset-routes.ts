import {
  PresetDetail,
  PresetList,
  PresetPut,
  PresetSaved,
  PresetUsage,
} from '../contract/api/projects.ts'
import type { Preset } from '../contract/api/projects.ts'
import { Empty, RemoveQuery } from '../contract/api/shapes.ts'
import { presetFields } from '../contract/preset-fields.ts'
import { AssetsError } from '../assets/errors.ts'
import { answers } from './answers.ts'
import { projectOf } from './guard.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'

/** Image presets: named modifiers, and how far a change of one reaches. */

const P = '/api/v1/projects/:project/presets'
const tags = ['presets']
type Named = { Params: { name: string } }

export const presetRoutes: Routes = (app, parts) => {
  readRoutes(app, parts)
  changeRoutes(app, parts)
}

const readRoutes: Routes = (app, parts) => {
  app.get(
    P,
    { schema: { summary: 'Presets', tags, response: { 200: answers(PresetList) } } },
    async (request) => {
      const presets = await parts.assets.presets(projectOf(request).id)
      return wholeList(Object.entries(presets).map(([name, modifiers]) => ({ name, modifiers })))
    },
  )

  app.get<Named>(
    `${P}/:name`,
    {
      schema: {
        summary: 'A preset, as text and as fields',
        tags,
        response: { 200: answers(PresetDetail) },
      },
    },
    async (request) => {
      const preset = await presetNamed(parts, projectOf(request).id, request.params.name)
      return { ...preset, fields: presetFields(preset.modifiers) }
    },
  )

  app.get<Named>(
    `${P}/:name/usage`,
    {
      schema: {
        summary: 'How many known renditions of how many assets a change would reach',
        description:
          'Of a preset that does not exist, too: edges may still hold what was made with it.',
        tags,
        response: { 200: answers(PresetUsage) },
      },
    },
    async (request) => {
      const { name } = request.params
      return { name, ...(await parts.assets.presetUsage(projectOf(request).id, name)) }
    },
  )
}

const changeRoutes: Routes = (app, parts) => {
  app.put<Named & { Body: PresetPut }>(
    `${P}/:name`,
    {
      schema: {
        summary: 'Make or change a preset',
        tags,
        body: PresetPut,
        response: { 200: answers(PresetSaved) },
      },
    },
    async (request) => {
      const { id, presets } = projectOf(request)
      const { name } = request.params
      const { modifiers, invalidate = false } = request.body
      const usage = await parts.assets.presetUsage(id, name)
      const changed = !(Object.hasOwn(presets, name) && presets[name] === modifiers)
      await parts.assets.putPreset(id, name, modifiers, { invalidate })
      return { ...(await presetNamed(parts, id, name)), ...usage, changed }
    },
  )

  app.delete<Named & { Querystring: RemoveQuery }>(
    `${P}/:name`,
    {
      schema: {
        summary: 'Remove a preset; what was served with it is invalidated',
        tags,
        querystring: RemoveQuery,
        response: { 200: answers(Empty) },
      },
    },
    async (request) => {
      const { invalidate = false } = request.query
      await parts.assets.removePreset(projectOf(request).id, request.params.name, { invalidate })
      return {}
    },
  )
}

/** Preset names are case-insensitive (Adobe, "Image Serving: macros"). */
async function presetNamed(parts: ApiParts, project: string, name: string): Promise<Preset> {
  const presets = Object.entries(await parts.assets.presets(project))
  const found = presets.find(([each]) => each.toLowerCase() === name.toLowerCase())
  if (found === undefined) {
    throw new AssetsError('unknown-preset', `There is no preset "${name.slice(0, 128)}".`)
  }
  return { name: found[0], modifiers: found[1] }
}
