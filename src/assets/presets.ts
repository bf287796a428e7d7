import { keyHash, keyText } from '../contract/keys.ts'
import { presetProblem } from '../contract/presets.ts'
import { recordName } from '../contract/records.ts'
import type { ProjectRow } from '../store/store.ts'
import { presetsRecord } from './asset-rows.ts'
import { commit } from './commit.ts'
import type { EditOptions, PresetUsage } from './assets.ts'
import { AssetsError } from './errors.ts'
import { projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'

/** Stands between dollar signs in URLs: `?$name$`. */
const PRESET_NAME = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}$/

/** As long as a URL's query that every cache on the way accepts. */
const MODIFIERS_LENGTH_MAX = 2048

/** All presets are in one record, which is read for each rendition with a preset. */
const PRESETS_PER_PROJECT_MAX = 1000

export async function putPreset(
  parts: LibraryParts,
  project: string,
  name: string,
  modifiers: string,
  { invalidate = false }: EditOptions = {},
): Promise<void> {
  checkName(name)
  checkModifiers(modifiers)
  await parts.locks.run(project, async () => {
    const row = await projectOf(parts, project)
    if (row.presets[name] === modifiers) return
    const presets = { ...without(row.presets, name), [name]: modifiers }
    if (Object.keys(presets).length > PRESETS_PER_PROJECT_MAX) {
      throw new AssetsError(
        'bad-preset',
        `A project has at most ${PRESETS_PER_PROJECT_MAX} presets.`,
      )
    }
    await commitPresets(
      parts,
      { ...row, presets },
      {
        cause: `Preset “${name}” changed`,
        name,
        asked: invalidate,
      },
    )
  })
}

/** What an edit of a preset reaches: renditions of it that are known to have been served, and of how many assets. */
export async function presetUsage(
  parts: LibraryParts,
  project: string,
  name: string,
): Promise<PresetUsage> {
  checkName(name)
  await projectOf(parts, project)
  return parts.store.tables.served.usage(project, name.toLowerCase())
}

export async function removePreset(
  parts: LibraryParts,
  project: string,
  name: string,
  { invalidate = false }: EditOptions = {},
): Promise<void> {
  await parts.locks.run(project, async () => {
    const row = await projectOf(parts, project)
    const presets = without(row.presets, name)
    if (Object.keys(presets).length === Object.keys(row.presets).length) {
      throw new AssetsError('unknown-preset', `There is no preset “${name}”.`)
    }
    await commitPresets(
      parts,
      { ...row, presets },
      {
        cause: `Preset “${name}” deleted`,
        name,
        asked: invalidate,
      },
    )
  })
}

/** A preset edit reaches the renditions made with it, and nothing else. */
async function commitPresets(
  parts: LibraryParts,
  row: ProjectRow,
  {
    cause,
    name,
    asked,
  }: { readonly cause: string; readonly name: string; readonly asked: boolean },
): Promise<void> {
  await commit(parts, {
    project: row.id,
    records: [{ name: recordName.presets(row.id), document: presetsRecord(row) }],
    change: { cause, asked, keys: [keyHash(keyText.preset(row.id, name.toLowerCase()))] },
    rows: (tx) => tx.projects.update(row.id, { presets: row.presets }),
  })
}

/** Names are unique without regard to case. */
function without(presets: ProjectRow['presets'], name: string): ProjectRow['presets'] {
  const lower = name.toLowerCase()
  return Object.fromEntries(
    Object.entries(presets).filter(([other]) => other.toLowerCase() !== lower),
  )
}

function checkName(name: string): void {
  if (PRESET_NAME.test(name)) return
  throw new AssetsError(
    'bad-preset',
    'A preset’s name has 1 to 100 letters, digits, spaces, dots, dashes or underscores.',
  )
}

function checkModifiers(modifiers: string): void {
  const reason = modifiersProblem(modifiers)
  if (reason === null) return
  throw new AssetsError('bad-preset', reason, { errors: [{ pointer: '/modifiers', reason }] })
}

function modifiersProblem(modifiers: string): string | null {
  if (modifiers.trim() === '') return 'Modifiers are missing: for example wid=400&fmt=jpeg.'
  if (modifiers.length > MODIFIERS_LENGTH_MAX) {
    return `Modifiers have at most ${MODIFIERS_LENGTH_MAX} characters.`
  }
  if (!/^[\u0020-\u007e\u00a0-\uffff]*$/.test(modifiers) || !modifiers.isWellFormed()) {
    return 'Modifiers hold a character that no URL can carry.'
  }
  if (/[?#]/.test(modifiers)) return 'Write modifiers without “?” and “#”: wid=400&fmt=jpeg.'
  if (modifiers.includes('$')) return 'A preset cannot hold another preset.'
  return presetProblem(modifiers)
}
