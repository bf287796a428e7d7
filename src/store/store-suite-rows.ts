import type { InvalidationStatus } from '../contract/invalidation.ts'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { systemRandom } from '../kernel/random.ts'
import { uuidv7 } from '../kernel/ids.ts'
import type { AssetRow, InvalidationRow, NodeRow } from './store.ts'

/** Rows for the store's suite and for tests of rooms above it. */

export function hashes(count: number): KeyHash[] {
  return Array.from({ length: count }, (_, at) => keyHash(`test:${at}`))
}

/** The same, as the bytes of a long list. */
export function packedKeys(count: number): Uint8Array {
  return Buffer.concat(hashes(count).map((key) => Buffer.from(key, 'base64url')))
}

export function nodeRow(row: Partial<NodeRow>): NodeRow {
  return {
    id: 'node',
    incarnation: 'incarnation',
    role: 'edge',
    version: '0.1.0',
    urls: [],
    applied: 0,
    state: 'in',
    seenAt: 1,
    ...row,
  }
}

let births = Date.parse('2026-01-01T00:00:00Z')

/** Each is born a second after the one before. */
export function invalidationRow(row: Partial<InvalidationRow> = {}): InvalidationRow {
  births += 1000
  const wall = row.createdAt === undefined ? births : Date.parse(row.createdAt)
  const status: InvalidationStatus = row.status ?? 'Received'
  return {
    id: uuidv7({ now: () => 0, wall: () => wall }, systemRandom),
    project: 'demo',
    status,
    scope: 'original',
    source: 'api',
    cause: null,
    mode: 'delete',
    createdAt: new Date(wall).toISOString(),
    createdBy: 'key deploy',
    note: null,
    urlCount: 1,
    seq: null,
    scheduledAt: null,
    estimatedSeconds: 1,
    timeline: [{ status, at: new Date(wall).toISOString() }],
    targets: [],
    evidence: null,
    failure: null,
    finishedAt: null,
    selection: {
      assets: ['shoe'],
      folders: [],
      renditions: true,
      presets: false,
      template: false,
      crops: false,
      served: false,
      content: false,
      urls: [],
      originals: [],
      everything: false,
      exclude: [],
    },
    keys: hashes(2),
    runner: null,
    runnerEpoch: 0,
    renewedAt: 0,
    attempt: 1,
    ...row,
  }
}

export function assetRow(row: Partial<AssetRow> = {}): AssetRow {
  return {
    project: 'demo',
    id: 'shoe',
    kind: 'image',
    mediaType: 'image/jpeg',
    published: true,
    version: 1,
    hash: 'a'.repeat(64),
    bytes: 1234,
    width: 1600,
    height: 1200,
    location: { kind: 'blob' },
    crops: {},
    modifiedAt: 1,
    ...row,
  }
}
