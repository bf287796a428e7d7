import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { hostOfOriginal, originRuleFor } from '../contract/origin-rules.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, CropRect, ProjectRecord } from '../contract/records.ts'
import { SMART_CROPS_DEFAULT } from '../contract/smart-crops.ts'
import type { SmartCropSize } from '../contract/smart-crops.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import { problem404 } from './problems.ts'
import type { Problem } from './problems.ts'
import type { InputNeed, RecordReader } from './record-reader.ts'
import type { RemoteOriginals } from './remote-originals.ts'

export interface InputParts {
  readonly records: RecordReader
  readonly assets: Pick<AssetsOrigin, 'readAsset' | 'unchanged' | 'openAsset'>
  readonly remotes: RemoteOriginals
  /** Where a smart crop lies that nobody drew; without it there are none of these. */
  readonly findArea?: (wanted: {
    readonly hash: string
    readonly load: () => Promise<Uint8Array>
    readonly size: SmartCropSize
    readonly project: string
  }) => Promise<CropRect>
  /** A watched file is not what its record says: the watcher should look. */
  readonly onMismatch: (project: string, asset: string) => void
}

/** An original, named by a hash, with its bytes to be had. */
export interface Input {
  readonly hash: string
  readonly load: () => Promise<Uint8Array>
  readonly crop: AssetRecord['crops'][string] | null
  /** Of a remote original: how fresh it is known to be. */
  readonly remote: { readonly confirmedAt: number; readonly stale: boolean } | null
  /** Of a file whose bytes may differ from the record: what was really read. */
  readonly sound: boolean
}

/** What a URL is a picture of, or why there is none. */
export async function readInput(
  parts: InputParts,
  url: DeliveryUrl,
  project: ProjectRecord,
  need: InputNeed,
): Promise<Input | Problem> {
  const { subject } = url
  if (subject.kind === 'original') return readRemote(parts, url, project, subject.original, need)
  const record = await parts.records.read<AssetRecord>(
    recordName.asset(url.project, subject.asset),
    need,
  )
  if (!record?.published) {
    return { ...problem404(`There is no published asset ${subject.asset}`), missing: true }
  }
  const what = undeliverable(record)
  if (what !== null) {
    const reason = undeliverableReason(subject.asset, what)
    return { status: 403, parameter: null, reason }
  }
  if (record.kind !== 'image') {
    return {
      status: 404,
      parameter: null,
      reason: `${subject.asset} is not an image; ask for it under /is/content/`,
    }
  }
  const name = subject.kind === 'image' ? subject.crop : null
  const edited = name === null ? null : (record.crops[name] ?? null)
  const input = await readAssetInput(parts, url.project, record, edited)
  if (name === null || edited !== null) return input
  return { ...input, crop: await computedCrop(parts, project, input, name) }
}

/** Nobody drew this crop: it lies where the picture draws the eye, in the size that the project has for it. */
async function computedCrop(
  { findArea }: InputParts,
  { project, smartCrops = SMART_CROPS_DEFAULT }: ProjectRecord,
  { hash, load }: Input,
  name: string,
): Promise<Input['crop']> {
  const size = smartCrops.find((each) => each.name === name)
  if (!size || !findArea) return null
  const rect = await findArea({ hash, load, size, project })
  return { rect, width: size.width, height: size.height }
}

async function readAssetInput(
  parts: InputParts,
  project: string,
  record: AssetRecord,
  crop: Input['crop'],
): Promise<Input> {
  const named: Input = {
    hash: record.hash,
    crop,
    remote: null,
    sound: true,
    load: () => loadNamed(parts, project, record),
  }
  if (record.location.kind === 'blob' || (await parts.assets.unchanged(record))) return named
  const read = await parts.assets.readAsset(record)
  if (read.hash === record.hash && read.stable) return { ...named, load: async () => read.bytes }
  parts.onMismatch(project, record.id)
  return { hash: read.hash, crop, remote: null, sound: false, load: async () => read.bytes }
}

/** Bytes that the record names; what was changed since the look at the file is a mismatch found late. */
async function loadNamed(
  parts: InputParts,
  project: string,
  record: AssetRecord,
): Promise<Uint8Array> {
  const read = await parts.assets.readAsset(record)
  if (read.hash === record.hash && read.stable) return read.bytes
  parts.onMismatch(project, record.id)
  throw new InputChanged()
}

/** The original changed between two looks at it; the fill begins again. */
export class InputChanged extends Error {
  constructor() {
    super('the original changed while it was read')
    this.name = 'InputChanged'
  }
}

async function readRemote(
  parts: InputParts,
  url: DeliveryUrl,
  project: ProjectRecord,
  original: string,
  need: InputNeed,
): Promise<Input | Problem> {
  const host = hostOfOriginal(original)
  const rule = originRuleFor(host, project.origins)
  if (!rule) {
    return {
      status: 403,
      parameter: null,
      reason: `${host} is not an allowed origin of ${project.project}`,
    }
  }
  const ttlSeconds = url.cacheSeconds ?? project.cdnTtlSeconds
  const found = await parts.remotes.read({ project, rule, original, ttlSeconds }, need)
  if (found.kind === 'missing') {
    return {
      ...problem404(`The original ${original} was not found. ${found.reason}`),
      missing: true,
    }
  }
  const { hash, load, confirmedAt, stale } = found
  return { hash, load, crop: null, remote: { confirmedAt, stale }, sound: true }
}
