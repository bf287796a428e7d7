import { deliverySettings } from '../contract/delivery-settings.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { projectNames } from '../contract/project-names.ts'
import { recordName } from '../contract/records.ts'
import type {
  AssetRecord,
  NamesRecord,
  PresetsRecord,
  ProjectRecord,
  RecordedDelivery,
} from '../contract/records.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'

/** Rows as records, and the keys that name them. */

export function assetRecord(row: AssetRow): AssetRecord {
  return {
    id: row.id,
    kind: row.kind,
    mediaType: row.mediaType,
    published: row.published,
    version: row.version,
    hash: row.hash,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    location: row.location,
    modifiedAt: new Date(row.modifiedAt).toISOString(),
    crops: row.crops,
  }
}

export function projectRecord(row: ProjectRow): ProjectRecord {
  return {
    project: row.id,
    origins: row.origins,
    cdnTtlSeconds: row.cdnTtlSeconds,
    browserTtlSeconds: row.browserTtlSeconds,
    ...(row.smartCrops ? { smartCrops: row.smartCrops } : {}),
    ...(row.delivery ? { delivery: recordedDelivery(row) } : {}),
  }
}

function recordedDelivery({ delivery }: ProjectRow): RecordedDelivery {
  const { missingOriginal, missingImage, watermarkImage, missingTtlSeconds, staleIfErrorSeconds } =
    deliverySettings(delivery)
  return { missingOriginal, missingImage, watermarkImage, missingTtlSeconds, staleIfErrorSeconds }
}

export function presetsRecord(row: ProjectRow): PresetsRecord {
  const entries = Object.entries(row.presets)
  return {
    presets: Object.fromEntries(entries.map(([name, text]) => [name.toLowerCase(), text])),
  }
}

export function namesRecord(rows: readonly ProjectRow[]): NamesRecord {
  return { projects: rows.map(projectNames) }
}

/** What a purge of an asset takes along: every rendition of it, and its cached original (freshness rule P12). */
export function assetKeys(project: string, id: string): readonly KeyHash[] {
  return [keyHash(keyText.asset(project, id)), keyHash(keyText.source(project, id))]
}

export function recordKey(name: string): KeyHash {
  return keyHash(keyText.record(name))
}

export function assetRecordKey(project: string, id: string): KeyHash {
  return recordKey(recordName.asset(project, id))
}
