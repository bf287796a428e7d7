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

/** The base URL of an asset, and one for each preset when it is an image. */
export function urlsOf(
  asset: { readonly kind: string; readonly url: string | null },
  presets: readonly { readonly name: string }[],
): readonly NamedUrl[] {
  const { url } = asset
  if (url === null) return []
  const base = { name: asset.kind === 'image' ? 'No preset' : 'File', url }
  if (asset.kind !== 'image') return [base]
  return [base, ...presets.map(({ name }) => ({ name, url: `${url}?$${name}$` }))]
}
