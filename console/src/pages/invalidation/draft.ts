import type { SelectionBody } from '../../../../src/contract/api/invalidations.ts'

/** What somebody has put together on Add Details, before it is sent. */

export const TABS = ['assets', 'originals', 'everything'] as const
export type Tab = (typeof TABS)[number]

export interface Draft {
  /** Only what Dynamic Media itself would form: everything of ours is off. */
  readonly dynamicMediaOnly: boolean
  readonly assets: readonly string[]
  readonly folders: readonly string[]
  readonly renditions: boolean
  readonly presets: boolean
  readonly template: boolean
  readonly crops: boolean
  readonly content: boolean
  readonly served: boolean
  /** As typed: one URL a line. */
  readonly urls: string
  /** As typed: separated by commas or line breaks. */
  readonly originals: string
  /** As typed: the project's name. */
  readonly confirm: string
  readonly exclude: readonly string[]
  /** What becomes of old copies: removed, or stale. */
  readonly mode: 'delete' | 'soft'
  readonly note: string
  /** As the browser's field gives it: local time without a zone; empty: now. */
  readonly scheduleAt: string
}

export const EMPTY_DRAFT: Draft = {
  dynamicMediaOnly: false,
  assets: [],
  folders: [],
  renditions: true,
  presets: false,
  template: false,
  crops: false,
  content: false,
  served: false,
  urls: '',
  originals: '',
  confirm: '',
  exclude: [],
  mode: 'delete',
  note: '',
  scheduleAt: '',
}

export function linesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Commas or line breaks separate originals; a comma that belongs to one is written `%2C`. */
export function originalsOf(text: string): readonly string[] {
  return text
    .split(/[,\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export function selectionOf(draft: Draft, tab: Tab): SelectionBody {
  if (tab === 'everything') return { everything: true }
  if (tab === 'originals') return { originals: [...originalsOf(draft.originals)] }
  const { assets, folders, presets, template, exclude } = draft
  const ours = !draft.dynamicMediaOnly
  return {
    assets: [...assets],
    folders: [...folders],
    renditions: byAsset(draft),
    presets,
    template,
    crops: ours && draft.crops,
    content: ours && draft.content,
    served: ours && draft.served,
    urls: [...linesOf(draft.urls)],
    exclude: [...exclude],
  }
}

/** Whether chosen assets go whole. Without anything chosen there is nothing whose renditions could go. */
export function byAsset({ dynamicMediaOnly, renditions, assets, folders }: Draft): boolean {
  return !dynamicMediaOnly && renditions && assets.length + folders.length > 0
}

/** Whether leaving would lose work. */
export function isChanged(draft: Draft): boolean {
  const { assets, folders, urls, originals, note, exclude } = draft
  return assets.length + folders.length + exclude.length > 0 || urls + originals + note !== ''
}
