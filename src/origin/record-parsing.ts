import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { ASSET_KINDS } from '../contract/records.ts'
import type { AssetRecord, NamesRecord, PresetsRecord, ProjectRecord } from '../contract/records.ts'
import { OriginError } from './errors.ts'

/**
 * Records are checked where they are read, once. Unknown fields are accepted, so that a resizer of this version goes on reading
 * what a newer control wrote.
 */

const texts = Type.Array(Type.String())
const textByText = Type.Record(Type.String(), Type.String())
const numbers = Type.Array(Type.Number())
const nullableNumber = Type.Union([Type.Number(), Type.Null()])

const originRule = Type.Object({
  host: Type.String(),
  scheme: Type.Enum(['http', 'https']),
  connectTo: Type.Optional(Type.String()),
  allowPrivate: Type.Optional(Type.Boolean()),
  headers: Type.Optional(textByText),
  connectionsMax: Type.Optional(Type.Number()),
  readsPerSecond: Type.Optional(Type.Number()),
})

const names = Compile(
  Type.Object({
    projects: Type.Array(
      Type.Object({
        project: Type.String(),
        companies: texts,
        tokens: texts,
        hosts: texts,
        originAliases: textByText,
        originPrefix: Type.Optional(Type.String()),
        sizes: Type.Optional(Type.Object({ step: nullableNumber, allowed: numbers })),
        signing: Type.Optional(
          Type.Object({
            keys: Type.Array(Type.Object({ id: Type.String(), secret: Type.String() })),
          }),
        ),
      }),
    ),
  }),
)

const project = Compile(
  Type.Object({
    project: Type.String(),
    origins: Type.Array(originRule),
    cdnTtlSeconds: Type.Number(),
    browserTtlSeconds: Type.Number(),
    smartCrops: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), width: Type.Number(), height: Type.Number() })),
    ),
    delivery: Type.Optional(
      Type.Object({
        // A choice of a newer version is taken for the default.
        missingOriginal: Type.Optional(Type.String()),
        missingImage: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        watermarkImage: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        missingTtlSeconds: Type.Optional(Type.Number()),
        staleIfErrorSeconds: Type.Optional(Type.Number()),
      }),
    ),
  }),
)

const presets = Compile(Type.Object({ presets: textByText }))

const crop = Type.Object({
  rect: Type.Object({
    x: Type.Number(),
    y: Type.Number(),
    width: Type.Number(),
    height: Type.Number(),
  }),
  width: Type.Number(),
  height: Type.Number(),
})

const location = Type.Union([
  Type.Object({ kind: Type.Literal('blob') }),
  Type.Object({
    kind: Type.Literal('file'),
    path: Type.String(),
    identity: Type.Object({
      device: Type.String(),
      inode: Type.String(),
      size: Type.Number(),
      modifiedNs: Type.String(),
      changedNs: Type.String(),
    }),
    settled: Type.Boolean(),
  }),
])

const asset = Compile(
  Type.Object({
    id: Type.String(),
    kind: Type.Enum([...ASSET_KINDS]),
    mediaType: Type.String(),
    published: Type.Boolean(),
    version: Type.Number(),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    bytes: Type.Number(),
    width: nullableNumber,
    height: nullableNumber,
    location,
    modifiedAt: Type.String(),
    crops: Type.Record(Type.String(), crop),
  }),
)

interface Checker {
  Check(value: unknown): boolean
}

export function parseNamesRecord(value: unknown): NamesRecord {
  check(names, value, 'names')
  return value as NamesRecord
}

export function parseProjectRecord(value: unknown): ProjectRecord {
  check(project, value, 'project')
  return value as ProjectRecord
}

export function parsePresetsRecord(value: unknown): PresetsRecord {
  check(presets, value, 'presets')
  return value as PresetsRecord
}

export function parseAssetRecord(value: unknown): AssetRecord {
  check(asset, value, 'asset')
  return value as AssetRecord
}

function check(checker: Checker, value: unknown, what: string): void {
  if (!checker.Check(value)) {
    throw new OriginError('record-malformed', `The ${what} record cannot be read.`)
  }
}
