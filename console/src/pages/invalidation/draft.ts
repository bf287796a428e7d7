import type { SelectionBody } from '../../../../src/contract/api/invalidations.ts'

/** What somebody has put together on Add Details, before it is sent. */

export const TABS = ['assets', 'originals', 'everything'] as const
export type Tab = (typeof TABS)[number]

export interface Draft {
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
  readonly note: string
  /** As the browser's field gives it: local time without a zone; empty: now. */
  readonly scheduleAt: string
}

export const EMPTY_DRAFT: Draft = {
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
  const { assets, folders, presets, template, crops, content, served, exclude } = draft
  return {
    assets: [...assets],
    folders: [...folders],
    // Without anything chosen there is nothing whose renditions could go.
    renditions: draft.renditions && assets.length + folders.length > 0,
    presets,
    template,
    crops,
    content,
    served,
    urls: [...linesOf(draft.urls)],
    exclude: [...exclude],
  }
}

/** Whether leaving would lose work. */
export function isChanged(draft: Draft): boolean {
  const { assets, folders, urls, originals, note, exclude } = draft
  return assets.length + folders.length + exclude.length > 0 || urls + originals + note !== ''
}
