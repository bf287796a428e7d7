import type {
  Asset,
  AssetActions,
  AssetActionsDone,
  AssetList,
  AssetPatch,
  AssetVersionList,
  Copies,
  Crop,
  CropList,
  CropPut,
  FolderList,
  FolderProblemList,
  RenditionList,
} from '../../src/contract/api/assets.ts'
import type {
  InvalidationList,
  InvalidationReport,
  InvalidationUrls,
  Preview,
  SelectionBody,
  SubmitBody,
} from '../../src/contract/api/invalidations.ts'
import type { Original } from '../../src/contract/api/originals.ts'
import { ApiProblem } from './problem.ts'
import type { Live, LiveCopy } from '../../src/contract/api/live.ts'
import type { NodeList, Overview } from '../../src/contract/api/nodes.ts'
import type {
  ApiKeyCreated,
  ApiKeyList,
  MemberAdded,
  MemberList,
  PresetList,
  PresetSaved,
  PresetUsage,
  Project,
  ProjectCreate,
  ProjectPatch,
  Template,
  TemplateChecked,
  TemplateVersionList,
} from '../../src/contract/api/projects.ts'
import type { Target, TargetList, TargetPut, TargetTested } from '../../src/contract/api/targets.ts'
import type { Me, Session } from '../../src/contract/api/session.ts'
import type { Invalidation, Role } from '../../src/contract/invalidation.ts'
import { address, API, request, requestBlob, sendFile } from './http.ts'

/** The routes of the API that the console calls, by name. */

type Signal = AbortSignal | undefined

/** A target may be given 300 s for each of two requests. */
const TARGET_TEST_MS = 620_000

export interface AssetSearch {
  readonly q?: string | undefined
  readonly folder?: string | undefined
  readonly kind?: string | undefined
  readonly published?: string | undefined
  readonly cursor?: string | undefined
  readonly limit?: number
}

export interface LogSearch {
  readonly status?: string | undefined
  readonly scope?: string | undefined
  readonly source?: string | undefined
  readonly q?: string | undefined
  /** ISO 8601. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly cursor?: string | undefined
  readonly limit?: number
}

const part = encodeURIComponent
const inProject = (project: string, rest: string): string => `/projects/${part(project)}${rest}`
const ofAsset = (project: string, id: string, rest = ''): string =>
  inProject(project, `/assets/${part(id)}${rest}`)
const ofInvalidation = (project: string, id: string, rest = ''): string =>
  inProject(project, `/invalidations/${part(id)}${rest}`)

const session = {
  me: (signal: Signal) => request<Me>('/me', { signal, signingIn: true }),
  signIn: (email: string, password: string) =>
    request<Session>('/session', { method: 'POST', json: { email, password }, signingIn: true }),
  signInByLink: (token: string) =>
    request<Session>('/session/link', { method: 'POST', json: { token }, signingIn: true }),
  signOut: () => request<null>('/session', { method: 'DELETE' }),
  setPassword: (current: string | undefined, next: string) =>
    request<Session>('/session/password', {
      method: 'POST',
      json: { next, ...(current === undefined ? {} : { current }) },
      signingIn: true,
    }),
}

const assets = {
  assets: (project: string, search: AssetSearch, signal: Signal) =>
    request<AssetList>(inProject(project, '/assets'), { query: { ...search }, signal }),
  folders: (project: string, parent: string, signal: Signal) =>
    request<FolderList>(inProject(project, '/folders'), { query: { parent }, signal }),
  asset: (project: string, id: string, signal: Signal) =>
    request<Asset>(ofAsset(project, id), { signal }),
  versions: (project: string, id: string, signal: Signal) =>
    request<AssetVersionList>(ofAsset(project, id, '/versions'), { signal }),
  renditions: (project: string, id: string, signal: Signal) =>
    request<RenditionList>(ofAsset(project, id, '/renditions'), { signal, query: { limit: 100 } }),
  copies: (project: string, id: string, signal: Signal) =>
    request<Copies>(ofAsset(project, id, '/copies'), { signal }),
  putAsset: (project: string, id: string, file: Blob, onSent: (share: number) => void) =>
    sendFile<Asset>(ofAsset(project, id), file, onSent),
  patchAsset: (project: string, id: string, change: AssetPatch) =>
    request<Asset>(ofAsset(project, id), { method: 'PATCH', json: change }),
  removeAsset: (project: string, id: string) =>
    request<null>(ofAsset(project, id), { method: 'DELETE' }),
  assetActions: (project: string, actions: AssetActions) =>
    request<AssetActionsDone>(inProject(project, '/assets/actions'), {
      method: 'POST',
      json: actions,
    }),
  crops: (project: string, id: string, signal: Signal) =>
    request<CropList>(ofAsset(project, id, '/crops'), { signal }),
  putCrop: (project: string, id: string, name: string, crop: CropPut) =>
    request<Crop>(ofAsset(project, id, `/crops/${part(name)}`), { method: 'PUT', json: crop }),
  removeCrop: (project: string, id: string, name: string, invalidate: boolean) =>
    request<unknown>(ofAsset(project, id, `/crops/${part(name)}`), {
      method: 'DELETE',
      query: { invalidate: invalidate || undefined },
    }),
  demoReplace: (project: string, id: string) =>
    request<unknown>(inProject(project, `/demo/${part(id)}/replace`), { method: 'POST' }),
  folderProblems: (project: string, signal: Signal) =>
    request<FolderProblemList>(inProject(project, '/problems'), { signal }),
  contentAddress: (project: string, id: string, version: number) =>
    address(ofAsset(project, id, '/content'), { version }),
  /** A small picture of the current bytes. */
  thumbnailAddress: (project: string, id: string, version: number) =>
    address(ofAsset(project, id, '/thumbnail'), { version }),
  /** What modifiers make of the current bytes, at an image server. */
  previewAddress: (project: string, id: string, modifiers: string) =>
    address(ofAsset(project, id, '/preview'), { modifiers }),
  previewPicture: (project: string, id: string, modifiers: string, signal: Signal) =>
    requestBlob(ofAsset(project, id, '/preview'), { query: { modifiers }, signal }),
  restore: (project: string, id: string, version: number) =>
    request<Asset>(ofAsset(project, id, `/versions/${version}/restore`), { method: 'POST' }),
}

const invalidations = {
  preview: (project: string, selection: SelectionBody, signal?: AbortSignal) =>
    request<Preview>(inProject(project, '/invalidations/preview'), {
      method: 'POST',
      json: selection,
      signal,
    }),
  submit: (project: string, body: SubmitBody, idempotencyKey: string) =>
    request<Invalidation>(inProject(project, '/invalidations'), {
      method: 'POST',
      json: body,
      headers: { 'idempotency-key': idempotencyKey },
    }),
  invalidations: (project: string, search: LogSearch, signal: Signal) =>
    request<InvalidationList>(inProject(project, '/invalidations'), {
      query: { ...search },
      signal,
    }),
  invalidation: (project: string, id: string, signal: Signal) =>
    request<Invalidation>(ofInvalidation(project, id), { signal }),
  invalidationUrls: (project: string, id: string, cursor: string | undefined, signal: Signal) =>
    request<InvalidationUrls>(ofInvalidation(project, id, '/urls'), {
      query: { cursor, limit: 200 },
      signal,
    }),
  report: (project: string, id: string) =>
    request<InvalidationReport>(ofInvalidation(project, id, '/report')),
  /** Of the file that the browser saves: all that the filters let through. */
  logFileAddress: (project: string, search: LogSearch, format: 'csv' | 'json') =>
    address(inProject(project, '/invalidations/export'), { ...search, format }),
  retry: (project: string, id: string) =>
    request<Invalidation>(ofInvalidation(project, id, '/retry'), { method: 'POST' }),
  cancel: (project: string, id: string) =>
    request<Invalidation>(ofInvalidation(project, id, '/cancel'), { method: 'POST' }),
  eventsAddress: (project: string) => `${API}${inProject(project, '/events')}`,
  evidenceAddress: (project: string, id: string) =>
    `${API}${ofInvalidation(project, id, '/evidence')}`,
}

const settings = {
  project: (project: string, signal: Signal) =>
    request<Project>(inProject(project, ''), { signal }),
  createProject: (project: ProjectCreate) =>
    request<Project>('/projects', { method: 'POST', json: project }),
  patchProject: (project: string, change: ProjectPatch) =>
    request<Project>(inProject(project, ''), { method: 'PATCH', json: change }),
  presets: (project: string, signal: Signal) =>
    request<PresetList>(inProject(project, '/presets'), { signal }),
  presetUsage: (project: string, name: string, signal: Signal) =>
    request<PresetUsage>(inProject(project, `/presets/${part(name)}/usage`), { signal }),
  putPreset: (project: string, name: string, modifiers: string, invalidate: boolean) =>
    request<PresetSaved>(inProject(project, `/presets/${part(name)}`), {
      method: 'PUT',
      json: invalidate ? { modifiers, invalidate } : { modifiers },
    }),
  removePreset: (project: string, name: string, invalidate: boolean) =>
    request<null>(inProject(project, `/presets/${part(name)}`), {
      method: 'DELETE',
      query: { invalidate: invalidate || undefined },
    }),
  template: (project: string, signal: Signal) =>
    request<Template>(inProject(project, '/template'), { signal }),
  /** `version` is the one that was edited: refused with both texts when somebody saved meanwhile. */
  putTemplate: (project: string, text: string, version: number) =>
    request<Template>(inProject(project, '/template'), { method: 'PUT', json: { text, version } }),
  templateVersions: (project: string, signal: Signal) =>
    request<TemplateVersionList>(inProject(project, '/template/versions'), { signal }),
  templateVersion: (project: string, version: number, signal: Signal) =>
    request<Template>(inProject(project, `/template/versions/${version}`), { signal }),
  checkTemplate: (project: string, text: string, ids: readonly string[], signal: Signal) =>
    request<TemplateChecked>(inProject(project, '/template/check'), {
      method: 'POST',
      json: { text, assets: ids },
      signal,
    }),
}

const people = {
  members: (project: string, signal: Signal) =>
    request<MemberList>(inProject(project, '/members'), { signal }),
  addMember: (project: string, email: string, role: Role) =>
    request<MemberAdded>(inProject(project, '/members'), { method: 'POST', json: { email, role } }),
  removeMember: (project: string, id: string) =>
    request<null>(inProject(project, `/members/${part(id)}`), { method: 'DELETE' }),
  keys: (project: string, signal: Signal) =>
    request<ApiKeyList>(inProject(project, '/keys'), { signal }),
  addKey: (project: string, name: string, role: Role) =>
    request<ApiKeyCreated>(inProject(project, '/keys'), { method: 'POST', json: { name, role } }),
  removeKey: (project: string, id: string) =>
    request<null>(inProject(project, `/keys/${part(id)}`), { method: 'DELETE' }),
}

const targets = {
  targets: (project: string, signal: Signal) =>
    request<TargetList>(inProject(project, '/targets'), { signal }),
  putTarget: (project: string, id: string, target: TargetPut) =>
    request<Target>(inProject(project, `/targets/${part(id)}`), { method: 'PUT', json: target }),
  removeTarget: (project: string, id: string) =>
    request<unknown>(inProject(project, `/targets/${part(id)}`), { method: 'DELETE' }),
  /** One purge and one look; the target has its own time limit, which may be longer than ours. */
  tryTarget: (project: string, id: string, url: string) =>
    request<TargetTested>(inProject(project, `/targets/${part(id)}/test`), {
      method: 'POST',
      json: url === '' ? {} : { url },
      timeoutMs: TARGET_TEST_MS,
    }),
}

const watching = {
  /** As an image server last saw it; null where none has. */
  original: (project: string, path: string, signal: Signal) =>
    orNull(request<Original>(inProject(project, '/originals'), { query: { path }, signal })),
  overview: (project: string, signal: Signal) =>
    request<Overview>(inProject(project, '/overview'), { signal }),
  nodes: (signal: Signal) => request<NodeList>('/nodes', { signal }),
  removeNode: (id: string) => request<unknown>(`/nodes/${part(id)}`, { method: 'DELETE' }),
  live: (project: string, url: string, signal: Signal) =>
    request<Live>(inProject(project, '/live'), { query: { url }, signal }),
  visit: (project: string, url: string, node: string) =>
    request<LiveCopy>(inProject(project, '/live/visit'), { method: 'POST', json: { url, node } }),
  /** The very bytes of one edge. */
  liveBytesAddress: (project: string, url: string, node: string) =>
    address(inProject(project, '/live/bytes'), { url, node }),
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return null
    throw error
  }
}

export const api = {
  ...session,
  ...assets,
  ...invalidations,
  ...settings,
  ...people,
  ...targets,
  ...watching,
} as const
