import type { Readable } from 'node:stream'
import type { KeyHash } from '../contract/keys.ts'
import type { CropRecord, CropRect } from '../contract/records.ts'
import type { SmartCropSize } from '../contract/smart-crops.ts'
import type {
  AssetFilter,
  AssetRow,
  AssetVersionRow,
  Page,
  PageRequest,
  ProjectRow,
  Tables,
  TemplateVersionRow,
} from '../store/store.ts'

/**
 * The asset library: what a project's assets, presets, crops and settings are, and the only writer of records. Each change writes
 * its records first, then commits its rows, the log entry that announces the records and the change that an automatic
 * invalidation is made of in one durable transaction. A change resolves when it is true for every later reader.
 *
 * Everything rejects with an `AssetsError` (code, status, publicMessage) when the caller is wrong.
 */
export interface Assets {
  get(project: string, id: string): Promise<AssetRow | null>
  list(project: string, filter: AssetFilter, page: PageRequest): Promise<Page<AssetRow>>
  /** Direct sub-folders of a folder (`''` is the top) with the number of assets below each. */
  folders(project: string, parent: string): Promise<readonly { path: string; assets: number }[]>
  /** Newest first. */
  versions(project: string, id: string): Promise<readonly AssetVersionRow[]>
  /** The bytes of the current version, or of an older one; `range` is inclusive at both ends and must lie inside. */
  content(project: string, id: string, options?: ContentOptions): Promise<AssetContent>

  /** A new asset, or a new version of one. The same bytes again make no new version (`changed: false`). */
  put(upload: AssetUpload, body: AsyncIterable<Uint8Array>): Promise<PutOutcome>
  /** Publishes, unpublishes, moves. */
  patch(project: string, id: string, change: AssetPatch, by: string): Promise<AssetRow>
  remove(project: string, id: string, by: string): Promise<void>
  /** One action on many, all or nothing: refused (422 `bulk-refused`) with a reason for each that stands in the way. */
  bulk(project: string, action: BulkAction, by: string): Promise<readonly BulkOutcome[]>
  /** Makes the bytes of an older version the newest version. */
  restore(project: string, id: string, version: number, by: string): Promise<AssetRow>

  /** As they are delivered: the project's for every image, computed unless somebody drew them, then the asset's own. */
  crops(project: string, id: string): Promise<readonly SmartCrop[]>
  putCrop(
    project: string,
    id: string,
    name: string,
    crop: CropEdit,
    options?: EditOptions,
  ): Promise<CropRecord>
  removeCrop(project: string, id: string, name: string, options?: EditOptions): Promise<void>

  /** `{name: modifiers}`, names as written. */
  presets(project: string): Promise<Readonly<Record<string, string>>>
  putPreset(project: string, name: string, modifiers: string, options?: EditOptions): Promise<void>
  removePreset(project: string, name: string, options?: EditOptions): Promise<void>
  /** Also of a preset that does not exist any more: it may still be held by edges. */
  presetUsage(project: string, name: string): Promise<PresetUsage>

  /** Names, origins and lifetimes are checked here: names are unique over all projects. */
  createProject(id: string, settings: ProjectSettings): Promise<ProjectRow>
  updateProject(id: string, settings: ProjectSettings): Promise<ProjectRow>
  /** `expectedVersion` refuses (409 `template-changed`, with both texts) when somebody saved meanwhile. */
  putTemplate(
    project: string,
    text: string,
    by: string,
    expectedVersion?: number,
  ): Promise<ProjectRow>
  /** Newest first, at most TEMPLATE_VERSIONS_MAX. */
  templateVersions(project: string): Promise<readonly TemplateVersionRow[]>
  templateVersion(project: string, version: number): Promise<TemplateVersionRow>
  /** Makes the text of an older version the newest one. */
  restoreTemplate(
    project: string,
    version: number,
    by: string,
    expectedVersion?: number,
  ): Promise<ProjectRow>
  /** Makes a project read from a watched folder; its watcher starts with `start`, or at once when already started. */
  useFolder(project: string, path: string): Promise<void>

  /** What of a watched folder is not served, and why. Empty for a library. */
  problems(project: string): readonly AssetProblem[]
  /** Makes pending changes of a watched folder true, so that an invalidation formed afterwards knows them. */
  settle(project: string, ids: readonly string[] | 'all'): Promise<void>

  /** Heals what a crash left half-done, then reads and watches folders. Resolves when their assets are known. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface AssetUpload {
  readonly project: string
  readonly id: string
  readonly by: string
  /** What the client declared; a body of another length changes nothing. */
  readonly contentLength?: number
  /** Kept as it is when absent; a new asset is published. */
  readonly published?: boolean
  readonly signal?: AbortSignal
}

export interface PutOutcome {
  readonly asset: AssetRow
  /** True when the id did not exist before. */
  readonly created: boolean
  readonly changed: boolean
}

export interface PresetUsage {
  readonly renditions: number
  readonly assets: number
}

export interface AssetPatch {
  readonly published?: boolean
  /** A new id: move or rename. */
  readonly id?: string
}

export type BulkAction =
  | { readonly kind: 'publish' | 'unpublish' | 'delete'; readonly ids: readonly string[] }
  /** Into a folder (`''` is the top), each with its own name. */
  | { readonly kind: 'move'; readonly ids: readonly string[]; readonly to: string }

export interface BulkOutcome {
  readonly id: string
  /** Its id afterwards; null when it is deleted. */
  readonly now: string | null
  /** False when it was so before. */
  readonly changed: boolean
}

export interface ContentOptions {
  readonly version?: number
  readonly range?: { readonly start: number; readonly end: number }
}

export interface AssetContent {
  readonly stream: Readable
  readonly size: number
  readonly mediaType: string
  readonly hash: string
}

/** What people set about a project; what is absent stays, or gets its default in a new project. */
export type ProjectSettings = Partial<
  Pick<
    ProjectRow,
    | 'company'
    | 'aliases'
    | 'publishServer'
    | 'tokens'
    | 'hosts'
    | 'origins'
    | 'originAliases'
    | 'cdnTtlSeconds'
    | 'browserTtlSeconds'
    | 'automaticInvalidation'
    | 'softSeconds'
    | 'outerCaches'
    | 'maxUrlsPerInvalidation'
    | 'maxOriginalsPerInvalidation'
    | 'smartCrops'
    | 'supportUrl'
    | 'delivery'
  >
>

export const PROBLEM_REASONS = [
  'clash',
  'comma',
  'colon',
  'backslash',
  'dots',
  'control-character',
  'not-utf-8',
  'dot-file',
  'escaping-link',
  'too-long',
  'unreadable',
  'own-data',
] as const

/** A file of a watched folder that is not served. */
export interface AssetProblem {
  /** Relative to the folder; bytes that are no UTF-8 are shown as U+FFFD. */
  readonly path: string
  readonly code: (typeof PROBLEM_REASONS)[number]
  /** What is wrong and the way out, in a sentence. */
  readonly reason: string
}

/** What an automatic invalidation is made of. Called inside the transaction of the change. */
export interface AssetChange {
  readonly project: string
  /** In words: `New version of "shoes/red"`. */
  readonly cause: string
  readonly keys: readonly KeyHash[]
  /** Whoever made it asked for it: also where the project has automatic ones switched off. */
  readonly asked?: boolean
}

/** Without a size: the one that the project has for crops of that name. */
export type CropEdit = Pick<CropRecord, 'rect'> & Partial<Pick<CropRecord, 'width' | 'height'>>

export interface SmartCrop {
  readonly name: string
  /** Null when it cannot be computed. */
  readonly rect: CropRect | null
  readonly width: number
  readonly height: number
  readonly computed: boolean
}

/** Where the area of a shape lies that draws the eye; rejects when the bytes are no picture. */
export type FindArea = (wanted: {
  readonly hash: string
  readonly load: () => Promise<Uint8Array>
  readonly size: SmartCropSize
  readonly project: string
}) => Promise<CropRect>

/** Of presets and crops, whose changes alter pictures under addresses that stay. */
export interface EditOptions {
  /** Invalidate what was made with it, whatever the project says about automatic ones. */
  readonly invalidate?: boolean
}

export type OnChange = (tx: Tables, change: AssetChange) => Promise<void>
