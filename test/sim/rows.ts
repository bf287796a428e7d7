import type { AssetRow, ProjectRow } from '../../src/store/store.ts'
import type { Profile } from './profile.ts'
import { HOST, MARK, PROJECT, REMOTE } from './scene.ts'

/** The scene as the store has it. */

export function assetRow(
  id: string,
  version: number,
  blob: { readonly hash: string; readonly bytes: number },
): AssetRow {
  return {
    project: PROJECT,
    id,
    version,
    ...blob,
    kind: 'image',
    mediaType: 'image/png',
    published: true,
    width: 1,
    height: 1,
    location: { kind: 'blob' },
    crops: {},
    modifiedAt: 0,
  }
}

export function projectRow({
  automatic,
  lifetimeSeconds,
  standInSeconds,
  outer,
  showsMissing,
}: Profile): ProjectRow {
  return {
    ...(outer === 'none' ? {} : { outerCaches: { recordUrls: true, tagHeaders: [] } }),
    id: PROJECT,
    company: null,
    aliases: [],
    publishServer: `http://${HOST}`,
    tokens: ['doc'],
    hosts: [HOST],
    origins: [{ host: REMOTE.split('/')[0]!, scheme: 'http' }],
    originAliases: {},
    cdnTtlSeconds: lifetimeSeconds,
    delivery: {
      staleIfErrorSeconds: standInSeconds,
      watermarkImage: MARK,
      ...(showsMissing ? { missingOriginal: 'default-image-200', missingImage: MARK } : {}),
    },
    browserTtlSeconds: 60,
    automaticInvalidation: automatic,
    maxUrlsPerInvalidation: 1000,
    maxOriginalsPerInvalidation: 10,
    supportUrl: null,
    template: '',
    templateVersion: 0,
    presets: { small: 'wid=100' },
    assetSource: { kind: 'library' },
    createdAt: 0,
  }
}
