import { request } from 'undici'

import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { ApiParts } from './parts.ts'

/**
 * Small pictures for the console's lists, made by a resizer of the current bytes. They go past the edges, so that looking at a
 * list neither fills nor shows an edge's cache.
 */

const THUMBNAIL_QUERY = 'wid=320&hei=320&fit=constrain,1&fmt=webp&qlt=75'
const THUMBNAIL_BYTES_MAX = 2 * 1024 * 1024
/** A render takes a tenth of a second; when the resizer is busy, the original is shown instead. */
const THUMBNAIL_TIMEOUT_MS = 5000

export interface Thumbnail {
  readonly mediaType: string
  readonly bytes: Buffer
}

/** Null when no resizer makes one of the current bytes: none is there, or it does not deliver what is not published. */
export async function thumbnailOf(
  parts: ApiParts,
  project: string,
  asset: { readonly id: string; readonly hash: string },
): Promise<Thumbnail | null> {
  const { nodes, log } = parts.store.tables
  const resizer = (await nodes.list()).find(
    ({ role, state, urls }) => role === 'resizer' && state === 'in' && urls.length > 0,
  )
  const target = thumbnailTarget(project, asset.id)
  if (resizer === undefined || target === null) return null
  const headers = {
    [NODE_HEADERS.secret]: parts.config.nodeSecret,
    [NODE_HEADERS.log]: await log.id(),
    [NODE_HEADERS.minMark]: String(await log.head()),
  }
  return ask(parts, resizer.urls[0]!.replace(/\/+$/, '') + target, headers, asset.hash)
}

function thumbnailTarget(project: string, asset: string): string | null {
  const names = {
    projects: [{ project, companies: [], tokens: [], hosts: [], originAliases: {} }],
  }
  const path = asset.split('/').map(encodeURIComponent).join('/')
  const target = `/is/image/${encodeURIComponent(project)}/${path}?${THUMBNAIL_QUERY}`
  const parsed = parseDeliveryUrl({ host: 'thumbnail.invalid', target }, names)
  return parsed.ok ? parsed.url.target : null
}

async function ask(
  parts: ApiParts,
  url: string,
  headers: Record<string, string>,
  hash: string,
): Promise<Thumbnail | null> {
  try {
    const signal = AbortSignal.timeout(THUMBNAIL_TIMEOUT_MS)
    const answer = await request(url, { headers, signal })
    const mediaType = String(answer.headers['content-type'] ?? '')
    // A replaced picture that nobody has invalidated yet is still kept by the resizer: that would be the old one.
    const isCurrent = answer.headers[NODE_HEADERS.input] === hash
    if (answer.statusCode !== 200 || !isCurrent || !mediaType.startsWith('image/')) {
      await answer.body.dump()
      return null
    }
    const bytes = Buffer.from(await answer.body.arrayBuffer())
    return bytes.length > THUMBNAIL_BYTES_MAX ? null : { mediaType, bytes }
  } catch (error) {
    parts.log.debug({ err: error, url }, 'no thumbnail from the resizer')
    return null
  }
}
