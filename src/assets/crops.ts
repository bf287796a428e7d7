import { keyHash, keyText } from '../contract/keys.ts'
import type { CropRecord } from '../contract/records.ts'
import { SMART_CROPS_DEFAULT } from '../contract/smart-crops.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { commitAsset } from './asset-changes.ts'
import type { Which } from './asset-changes.ts'
import type { CropEdit, EditOptions, SmartCrop } from './assets.ts'
import { checkCrop, checkCropName } from './crop-rules.ts'
import { AssetsError } from './errors.ts'
import { assetOf, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'

/**
 * Smart crops. What somebody drew is in the asset's record; what nobody drew is computed from the picture wherever it is needed,
 * with the same outcome, so that no list of a hundred thousand rectangles has to be kept up with pictures and settings.
 */

/** Adobe's profiles hold some ten sizes; the record of an asset is read for each of its renditions. */
const CROPS_PER_ASSET_MAX = 100

function sizesOf(project: ProjectRow) {
  return project.smartCrops ?? SMART_CROPS_DEFAULT
}

export async function smartCrops(
  parts: LibraryParts,
  { project, id }: Which,
): Promise<readonly SmartCrop[]> {
  const sizes = sizesOf(await projectOf(parts, project))
  const asset = await assetOf(parts, project, id)
  if (asset.kind !== 'image') return []
  const drawn = Object.entries(asset.crops).map(([name, crop]) => ({
    name,
    ...crop,
    computed: false,
  }))
  const computed = await Promise.all(
    sizes
      .filter(({ name }) => !Object.hasOwn(asset.crops, name))
      .map(async (size) => ({
        ...size,
        rect: await computedRect(parts, asset, size),
        computed: true,
      })),
  )
  const all = [...computed, ...drawn]
  const place = (name: string) => sizes.findIndex((size) => size.name === name)
  return all.toSorted(
    (a, b) => (place(a.name) >>> 0) - (place(b.name) >>> 0) || (a.name < b.name ? -1 : 1),
  )
}

async function computedRect(
  { origin, findArea, log }: LibraryParts,
  asset: AssetRow,
  size: (typeof SMART_CROPS_DEFAULT)[number],
): Promise<SmartCrop['rect']> {
  if (!findArea) return null
  const { project, hash } = asset
  const load = async () => (await origin.readAsset(asset)).bytes
  try {
    return await findArea({ hash, load, size, project })
  } catch (error) {
    // A damaged original is still shown in the library, and delivering it says what is wrong with it.
    log.debug({ err: error, project, asset: asset.id }, 'no smart crop could be computed')
    return null
  }
}

/** An edit reaches that crop of that asset, and nothing else. */
export async function putCrop(
  parts: LibraryParts,
  which: Which,
  { name, edit, invalidate = false }: EditOptions & { readonly name: string; edit: CropEdit },
): Promise<CropRecord> {
  checkCropName(name)
  const size = sizesOf(await projectOf(parts, which.project)).find((each) => each.name === name)
  const { rect, width = size?.width, height = size?.height } = edit
  if (width === undefined || height === undefined) {
    const reason = `The project has no size for crops called “${name}”: give width and height.`
    throw new AssetsError('bad-crop', reason, { errors: [{ pointer: '/width', reason }] })
  }
  const crop = { rect, width, height }
  checkCrop(crop)
  await parts.locks.run(which.project, async () => {
    const before = await assetOf(parts, which.project, which.id)
    if (before.kind !== 'image') {
      throw new AssetsError('bad-crop', `“${which.id}” is not an image: it cannot have crops.`)
    }
    const crops = { ...before.crops, [name]: crop }
    if (Object.keys(crops).length > CROPS_PER_ASSET_MAX) {
      throw new AssetsError('bad-crop', `An asset has at most ${CROPS_PER_ASSET_MAX} crops.`)
    }
    await commitCrops(parts, before, crops, { name, asked: invalidate })
  })
  return crop
}

/** One that the project has for every image is computed again from then on. */
export async function removeCrop(
  parts: LibraryParts,
  which: Which,
  { name, invalidate = false }: EditOptions & { readonly name: string },
): Promise<void> {
  await parts.locks.run(which.project, async () => {
    const before = await assetOf(parts, which.project, which.id)
    if (!Object.hasOwn(before.crops, name)) {
      throw new AssetsError('unknown-crop', `Nobody has drawn a crop “${name}” of “${which.id}”.`)
    }
    const crops = Object.fromEntries(
      Object.entries(before.crops).filter(([other]) => other !== name),
    )
    await commitCrops(parts, before, crops, { name, asked: invalidate })
  })
}

async function commitCrops(
  parts: LibraryParts,
  before: AssetRow,
  crops: AssetRow['crops'],
  { name, asked }: { readonly name: string; readonly asked: boolean },
): Promise<void> {
  await commitAsset(parts, before, {
    row: { ...before, crops },
    change: {
      cause: `Crop “${name}” of “${before.id}” changed`,
      asked,
      keys: [keyHash(keyText.crop(before.project, before.id, name))],
    },
  })
}
