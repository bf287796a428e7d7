import sharp from 'sharp'

import { sha256 } from '../../src/kernel/hash.ts'
import { plainPicture } from '../support/resizer-bench.ts'

/** What was written, what is Done, and what each answer must therefore show. */

export const ASSETS = ['one/a', 'one/b', 'two/c', 'two/d'] as const
export type AssetName = (typeof ASSETS)[number]
const WIDTHS = [16, 32] as const

/** One rendition of one asset, which is what clients ask for. */
export interface Shown {
  readonly asset: AssetName
  readonly target: string
}

export const SHOWN: readonly Shown[] = ASSETS.flatMap((asset) =>
  WIDTHS.map((width) => ({ asset, target: `/is/image/demo/${asset}?wid=${width}&fmt=png` })),
)

/** Sixteen levels a channel, far enough apart for a resizer's rounding: a colour names one of 4096 versions. */
const LEVELS = 16
const STEP = 255 / (LEVELS - 1)
const VERSIONS_MAX = LEVELS ** 3 - 1

export function pictureOf(version: number): Promise<Buffer> {
  if (version > VERSIONS_MAX) throw new Error(`no colour for version ${version}`)
  const levels = [version >> 8, (version >> 4) & 15, version & 15]
  const hex = levels.map((level) => (level * STEP).toString(16).padStart(2, '0'))
  return plainPicture(`#${hex.join('')}`)
}

/** Answers repeat, and reading pixels is what takes time. */
const known = new Map<string, number>()

export async function versionShown(bytes: Uint8Array): Promise<number> {
  const hash = sha256(bytes)
  const before = known.get(hash)
  if (before !== undefined) return before
  const { data } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const [red, green, blue] = [...data.subarray(0, 3)].map((value) => Math.round(value / STEP))
  const version = (red! << 8) | (green! << 4) | blue!
  known.set(hash, version)
  return version
}

/** What an invalidation that was just submitted promises once it is Done. */
export type Promised = ReadonlyMap<string, number>

export class Ledger {
  readonly #written = new Map<AssetName, number>(ASSETS.map((asset) => [asset, 0]))
  readonly #floors = new Map<string, number>(SHOWN.map(({ target }) => [target, 0]))

  written(asset: AssetName): number {
    return this.#written.get(asset)!
  }

  wrote(asset: AssetName, version: number): void {
    this.#written.set(asset, version)
  }

  /** To be called before the invalidation is sent: whatever was written by then must be shown after its Done. */
  promise(targets: readonly Shown[]): Promised {
    return new Map(targets.map(({ asset, target }) => [target, this.written(asset)]))
  }

  done(promised: Promised): void {
    for (const [target, version] of promised) {
      this.#floors.set(target, Math.max(version, this.#floors.get(target)!))
    }
  }

  /** The oldest version that a request sent now may be answered with. */
  floor(target: string): number {
    return this.#floors.get(target)!
  }
}
