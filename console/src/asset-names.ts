import { cropNames } from '../../src/contract/smart-crops.ts'
import type { SmartCropSize } from '../../src/contract/smart-crops.ts'

/** How files become assets, and which URLs an asset has. */

/** Image extensions are dropped from ids, as Dynamic Media does; other files keep theirs. */
const IMAGE_EXTENSION = /\.(avif|bmp|gif|heic|heif|jpe?g|jp2|png|psd|svg|tiff?|webp)$/i

export function idOfFile(name: string, folder: string): string {
  const bare = name.replace(IMAGE_EXTENSION, '')
  return folder === '' ? bare : `${folder}/${bare}`
}

export function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

export interface NamedUrl {
  readonly name: string
  readonly url: string
}

/** The base URL of an asset, and one for each preset and smart crop when it is an image. */
export function urlsOf(
  asset: {
    readonly kind: string
    readonly url: string | null
    readonly crops?: Readonly<Record<string, unknown>>
  },
  presets: readonly { readonly name: string }[],
  /** The smart crops that every image of the project has. */
  sizes: readonly SmartCropSize[] = [],
): readonly NamedUrl[] {
  const { url } = asset
  if (url === null) return []
  const base = { name: asset.kind === 'image' ? 'No preset' : 'File', url }
  if (asset.kind !== 'image') return [base]
  const crops = cropNames(sizes, asset.crops ?? {})
  return [
    base,
    ...presets.map(({ name }) => ({ name, url: `${url}?$${name}$` })),
    ...crops.map((name) => ({ name: `Crop ${name}`, url: `${url}:${encodeURIComponent(name)}` })),
  ]
}
