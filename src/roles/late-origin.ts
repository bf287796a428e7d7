import { openAssetsOrigin } from '../origin/assets-origin.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import { openRecords } from '../origin/records.ts'
import type { RecordStore } from '../origin/records.ts'
import type { OriginLocation } from '../contract/node-protocol.ts'
import { ResizerError } from '../resizer/errors.ts'

/** An origin whose place is learned from control: at this start, or at an earlier one. */
export interface LateOrigin {
  set(location: OriginLocation): void
  records(): RecordStore
  readonly assets: Pick<AssetsOrigin, 'readAsset' | 'unchanged' | 'openAsset'>
}

interface Opened {
  readonly path: string
  readonly records: RecordStore
  readonly assets: AssetsOrigin
}

export function lateOrigin(known: OriginLocation | null): LateOrigin {
  let opened = known && open(known)
  const need = (): Opened => {
    if (opened) return opened
    throw new ResizerError(
      'origin-not-known',
      'Control has not said yet where originals are; try again in a moment.',
    )
  }
  return {
    set(location) {
      if (opened?.path !== location.path) opened = open(location)
    },
    records: () => need().records,
    assets: {
      readAsset: (asset, signal) => need().assets.readAsset(asset, signal),
      unchanged: (asset) => need().assets.unchanged(asset),
      openAsset: (asset, range) => need().assets.openAsset(asset, range),
    },
  }
}

function open({ path }: OriginLocation): Opened {
  return { path, records: openRecords(path), assets: openAssetsOrigin(path) }
}
