import { isDeepStrictEqual } from 'node:util'
import { deliverySettings } from '../contract/delivery-settings.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { projectNames } from '../contract/project-names.ts'
import { recordName } from '../contract/records.ts'
import type { RecordChange } from '../origin/records.ts'
import type { ProjectRow } from '../store/store.ts'
import { namesRecord, presetsRecord, projectRecord } from './asset-rows.ts'
import type { ProjectSettings } from './assets.ts'
import { commit } from './commit.ts'
import { deliveryErrors } from './delivery-rules.ts'
import { AssetsError } from './errors.ts'
import { projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { checkProjectId, normalizeSettings, PROJECT_DEFAULTS } from './project-settings.ts'

/** All projects share one record of names, so changes of names wait for each other; no project can be called so. */
const NAMES_LOCK = '~names'

export async function createProject(
  parts: LibraryParts,
  id: string,
  settings: ProjectSettings,
): Promise<ProjectRow> {
  checkProjectId(id)
  const kept = normalizeSettings(settings)
  return parts.locks.run(NAMES_LOCK, async () => {
    const rows = await parts.store.tables.projects.list()
    if (rows.some((row) => row.id.toLowerCase() === id.toLowerCase())) {
      throw new AssetsError('project-exists', `There is already a project “${id}”.`)
    }
    assertDelivery(kept.delivery)
    const row: ProjectRow = { ...PROJECT_DEFAULTS, ...kept, id, createdAt: parts.clock.wall() }
    assertNamesFree(row, rows)
    await commit(parts, {
      project: id,
      records: [
        { name: recordName.names(), document: namesRecord([...rows, row]) },
        { name: recordName.project(id), document: projectRecord(row) },
        { name: recordName.presets(id), document: presetsRecord(row) },
      ],
      rows: (tx) => tx.projects.insert(row),
    })
    return row
  })
}

export async function updateProject(
  parts: LibraryParts,
  id: string,
  settings: ProjectSettings,
): Promise<ProjectRow> {
  const normal = normalizeSettings(settings)
  await projectOf(parts, id)
  return parts.locks.run(NAMES_LOCK, () =>
    parts.locks.run(id, async () => {
      const before = await projectOf(parts, id)
      const kept = withDeliveryOf(before, normal)
      const row: ProjectRow = { ...before, ...kept }
      if (isDeepStrictEqual(before, row)) return before
      const others = (await parts.store.tables.projects.list()).filter((other) => other.id !== id)
      assertNamesFree(row, others)
      await commitSettings(parts, { before, row, others, kept })
      return row
    }),
  )
}

/** Delivery settings are set one by one: what a change does not name stays. */
function withDeliveryOf(before: ProjectRow, settings: ProjectSettings): ProjectSettings {
  if (settings.delivery === undefined) return settings
  const delivery = { ...before.delivery, ...settings.delivery }
  assertDelivery(delivery)
  return { ...settings, delivery }
}

function assertDelivery(set: ProjectSettings['delivery']): void {
  const errors = deliveryErrors(deliverySettings(set))
  if (errors.length === 0) return
  throw new AssetsError('bad-settings', 'Some settings are not possible.', { errors })
}

interface SettingsChange {
  readonly before: ProjectRow
  readonly row: ProjectRow
  readonly others: readonly ProjectRow[]
  readonly kept: ProjectSettings
}

/** Settings that only control reads commit without records; those that pixels or headers depend on purge the project. */
async function commitSettings(parts: LibraryParts, change: SettingsChange): Promise<void> {
  const { before, row, kept } = change
  const records = changedRecords(change)
  if (records.length === 0) {
    await parts.store.transaction('durable', (tx) => tx.projects.update(row.id, kept))
    return
  }
  const keys = changesAnswers(before, row) ? [keyHash(keyText.project(row.id))] : []
  await commit(parts, {
    project: row.id,
    records,
    purge: keys,
    ...(keys.length > 0 ? { change: { cause: 'Project settings changed', keys } } : {}),
    rows: (tx) => tx.projects.update(row.id, kept),
  })
}

function changedRecords({ before, row, others }: SettingsChange): readonly RecordChange[] {
  const names = recordName.names()
  const project = recordName.project(row.id)
  return [
    ...(isDeepStrictEqual(namesRecord([before]), namesRecord([row]))
      ? []
      : [{ name: names, document: namesRecord([...others, row]) }]),
    ...(isDeepStrictEqual(projectRecord(before), projectRecord(row))
      ? []
      : [{ name: project, document: projectRecord(row) }]),
  ]
}

/**
 * Whether answers that are already cached would be other ones now (freshness rule P11): lifetimes and origins, and each name that
 * no longer means what it meant. A name that is only added changes no answer.
 */
function changesAnswers(before: ProjectRow, row: ProjectRow): boolean {
  if (!isDeepStrictEqual(answerSettings(before), answerSettings(row))) return true
  const still = new Set(nameList(row))
  const aliases = Object.entries(before.originAliases)
  return (
    nameList(before).some((name) => !still.has(name)) ||
    aliases.some(([name, prefix]) => row.originAliases[name] !== prefix)
  )
}

/** Settings that answers are made by. What happens when an origin fails is none; what a path or a size means is one. */
function answerSettings(row: ProjectRow): unknown {
  const { delivery, ...record } = projectRecord(row)
  const { missingOriginal, missingImage, watermarkImage, missingTtlSeconds } =
    deliverySettings(delivery)
  const { originPrefix, sizes } = projectNames(row)
  const missing = { missingOriginal, missingImage, missingTtlSeconds }
  return { ...record, ...missing, watermarkImage, originPrefix, sizes }
}

/** Every public name of a project, told apart by kind; without regard to case, as hosts are and companies should be. */
function nameList(row: ProjectRow): readonly string[] {
  const companies = [row.id, row.company ?? row.id, ...row.aliases]
  return [
    ...companies.map((name) => `company ${name.toLowerCase()}`),
    ...row.tokens.map((name) => `token ${name.toLowerCase()}`),
    ...row.hosts.map((name) => `host ${name.toLowerCase()}`),
  ]
}

function assertNamesFree(row: ProjectRow, others: readonly ProjectRow[]): void {
  const taken = new Set(others.flatMap(nameList))
  const clash = nameList(row).find((name) => taken.has(name))
  if (clash === undefined) return
  // Whose it is stays unsaid: the asker may not be allowed to know that project.
  throw new AssetsError('name-taken', `The ${clash.replace(' ', ' “')}” is already in use.`)
}
