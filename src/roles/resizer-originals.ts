import { request } from 'undici'
import { ORIGINALS_PAGE, originalsTarget } from '../contract/known-originals.ts'
import type { KnownOriginal, KnownOriginals } from '../contract/known-originals.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { Log } from '../kernel/log.ts'
import type { NodeRow } from '../store/store.ts'

/** An image server that takes longer is left out: whoever asks would rather know less than wait. */
const ASK_MS = 3_000
/** A page of originals with addresses of full length. */
const BYTES_MAX = 32 * 1024 * 1024

export interface ResizerOriginalsParts {
  readonly nodes: () => Promise<readonly NodeRow[]>
  readonly nodeSecret: string
  readonly log: Log
}

/** Asks every image server over HTTP, as a node of ours. */
export function resizerOriginals(parts: ResizerOriginalsParts): KnownOriginals {
  const askAll = async (
    target: string,
    signal?: AbortSignal,
  ): Promise<readonly (readonly KnownOriginal[])[]> => {
    const nodes = await parts.nodes()
    const urls = nodes
      .filter(({ role, state }) => role === 'resizer' && state === 'in')
      .flatMap((node) => node.urls.slice(0, 1))
    return Promise.all(urls.map((url) => ask(parts, url, target, signal)))
  }
  return {
    one: async (project, original, signal) =>
      (await askAll(originalsTarget(project, { original }), signal)).flat(),
    async page(project, after, signal) {
      const pages = await askAll(originalsTarget(project, { after }), signal)
      // Beyond the end of a full page that image server may know more: all stop where the first of them does.
      const ends = pages
        .filter((page) => page.length >= ORIGINALS_PAGE)
        .map((page) => page.at(-1)!.original)
        .sort()
      const next = ends[0] ?? null
      const items = pages.flat().filter(({ original }) => next === null || original <= next)
      return { items, next }
    },
  }
}

async function ask(
  { nodeSecret, log }: ResizerOriginalsParts,
  url: string,
  target: string,
  signal: AbortSignal | undefined,
): Promise<readonly KnownOriginal[]> {
  const late = AbortSignal.timeout(ASK_MS)
  try {
    const answer = await request(new URL(url).origin + target, {
      headers: { [NODE_HEADERS.secret]: nodeSecret },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      bytes += piece.byteLength
      if (bytes > BYTES_MAX) break
      pieces.push(piece)
    }
    if (answer.statusCode !== 200 || bytes > BYTES_MAX) return []
    const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'))
    const items =
      parsed !== null && typeof parsed === 'object' && 'items' in parsed ? parsed.items : []
    // What a node of ours says was typed when it was written.
    return Array.isArray(items) ? (items as KnownOriginal[]) : []
  } catch (error) {
    log.debug({ err: error, url }, 'an image server did not say which originals it knows')
    return []
  }
}
