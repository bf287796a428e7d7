import { Original, OriginalQuery } from '../contract/api/originals.ts'
import type { KnownOriginals } from '../contract/known-originals.ts'
import { parseOriginal } from '../contract/original.ts'
import { projectNames } from '../contract/project-names.ts'
import type { ProjectRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { ApiError } from './errors.ts'
import { projectOf } from './guard.ts'
import type { ApiParts, Routes } from './parts.ts'
import { instant } from './views.ts'

/** Enough of a hash to tell versions apart, and to be taken for one by the image server. */
const VH_CHARACTERS = 12

export const originalRoutes: Routes = (app, parts) => {
  app.get(
    '/api/v1/projects/:project/originals',
    {
      schema: {
        summary: 'An original as an image server last saw it: its content hash, to be used as vh=',
        tags: ['assets'],
        querystring: OriginalQuery,
        response: { 200: answers(Original) },
      },
    },
    async (request) => original(parts, projectOf(request), request.query.path),
  )
}

async function original(parts: ApiParts, project: ProjectRow, path: string): Promise<Original> {
  const bare = path.replace(/^\/+/, '').replace(/^v7\/+/, '')
  const parsed = parseOriginal(bare, projectNames(project))
  if (!parsed.ok) {
    throw new ApiError('bad-original', `${parsed.reason}: write its path, like sample.li/a.jpg.`)
  }
  const { subject } = parsed
  return subject.kind === 'original'
    ? remoteOriginal(parts.originals, project.id, subject.original)
    : assetOriginal(parts, project.id, subject.asset)
}

async function remoteOriginal(
  originals: KnownOriginals | undefined,
  project: string,
  name: string,
): Promise<Original> {
  const copies = (await originals?.one(project, name)) ?? []
  const newest = copies.toSorted((one, other) => other.confirmedAt - one.confirmedAt)[0]
  if (!newest) {
    throw new ApiError(
      'unknown-original',
      `No image server holds ${name}: it is read at its origin when somebody asks for a picture of it.`,
    )
  }
  const { hash, mediaType, bytes, etag, lastModified, confirmedAt } = newest
  const vh = hash.slice(0, VH_CHARACTERS)
  const seenAt = instant(confirmedAt)
  return { original: name, kind: 'remote', hash, vh, mediaType, bytes, etag, lastModified, seenAt }
}

async function assetOriginal(parts: ApiParts, project: string, id: string): Promise<Original> {
  const asset = await parts.assets.get(project, id)
  if (!asset) throw new ApiError('unknown-original', `There is no asset “${id}”.`)
  const { hash, mediaType, bytes, modifiedAt } = asset
  return {
    original: id,
    kind: 'asset',
    hash,
    vh: hash.slice(0, VH_CHARACTERS),
    mediaType,
    bytes,
    etag: null,
    lastModified: new Date(modifiedAt).toUTCString(),
    seenAt: instant(modifiedAt),
  }
}
