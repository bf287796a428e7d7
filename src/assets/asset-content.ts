import { OriginError } from '../origin/errors.ts'
import type { AssetContent, ContentOptions } from './assets.ts'
import { AssetsError } from './errors.ts'
import { assetOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { versionOf } from './uploads.ts'

/** The bytes of an asset for people who look at the library; delivery reads through `origin` itself. */
export async function assetContent(
  parts: LibraryParts,
  project: string,
  id: string,
  options: ContentOptions,
): Promise<AssetContent> {
  const row = await assetOf(parts, project, id)
  const old =
    options.version === undefined || options.version === row.version
      ? null
      : await versionOf(parts, row, options.version)
  const { hash, bytes, mediaType } = old ?? row
  const { range } = options
  if (range && (range.start < 0 || range.start > range.end || range.end >= bytes)) {
    throw new AssetsError('bad-range', `The file has ${bytes} bytes.`)
  }
  const location = old ? ({ kind: 'blob' } as const) : row.location
  try {
    const { stream, size } = await parts.origin.openAsset({ hash, location }, range)
    return { stream, size, mediaType, hash }
  } catch (cause) {
    if (!(cause instanceof OriginError)) throw cause
    throw new AssetsError('assets-unreadable', cause.publicMessage, { cause })
  }
}
