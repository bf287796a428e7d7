import { request } from 'undici'
import { ORIGINALS_PAGE, originalsTarget } from '../contract/known-originals.ts'
import type {
  KnownOriginal,
  KnownOriginals,
  LookAtOriginal,
  OriginalLook,
} from '../contract/known-originals.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { Log } from '../kernel/log.ts'
import type { NodeRow, Store } from '../store/store.ts'

/** An image server that takes longer is left out: whoever asks would rather know less than wait. */
const ASK_MS = 3_000
/** A page of originals with addresses of full length. */
const BYTES_MAX = 32 * 1024 * 1024

export interface ResizerOriginalsParts {
  readonly nodes: () => Promise<readonly NodeRow[]>
  readonly logId: () => Promise<string>
  readonly nodeSecret: string
  readonly log: Log
}

export function resizersOf(store: Store, nodeSecret: string, log: Log): ResizerOriginalsParts {
  const { nodes, log: purgeLog } = store.tables
  return { nodes: () => nodes.list(), logId: () => purgeLog.id(), nodeSecret, log }
}

/** Asks every image server over HTTP, as a node of ours. */
export function resizerOriginals(parts: ResizerOriginalsParts): KnownOriginals {
  const askAll = async (
    target: string,
    signal?: AbortSignal,
  ): Promise<readonly (readonly KnownOriginal[])[]> => {
    const urls = await urlsOf(parts)
    return Promise.all(
      urls.map(async (url) => {
        const said = await ask(parts, url + target, {}, signal)
        const items = said?.json['items']
        // What a node of ours says was typed when it was written.
        return Array.isArray(items) ? (items as KnownOriginal[]) : []
      }),
    )
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

/** Asks the first image server that is in: what stands before an origin stands before it for all of them. */
export function lookThroughResizer(parts: ResizerOriginalsParts): LookAtOriginal {
  return lookThrough(parts.logId, async (target, need, signal) => {
    const [url] = await urlsOf(parts)
    return url === undefined ? null : ask(parts, url + target, need, signal)
  })
}

/** What is asked of an image server, whatever carries it, and what its answer must reflect. */
export function lookThrough(
  logIdNow: () => Promise<string>,
  asked: (
    target: string,
    need: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) => Promise<ResizerSaid | null>,
): LookAtOriginal {
  return async ({ project, original }, mark, signal) => {
    const logId = await logIdNow()
    const need = { [NODE_HEADERS.log]: logId, [NODE_HEADERS.minMark]: String(mark) }
    const said = await asked(originalsTarget(project, { look: original }), need, signal)
    const reflects = said?.logId === logId && said.mark >= mark
    return reflects ? (said.json as unknown as OriginalLook) : null
  }
}

async function urlsOf({ nodes }: ResizerOriginalsParts): Promise<readonly string[]> {
  const known = await nodes()
  return known
    .filter(({ role, state }) => role === 'resizer' && state === 'in')
    .flatMap((node) => node.urls.slice(0, 1))
    .map((url) => new URL(url).origin)
}

/** An answer to control, with the mark that it bears. */
export interface ResizerSaid {
  readonly logId: string
  readonly mark: number
  readonly json: Readonly<Record<string, unknown>>
}

async function ask(
  { nodeSecret, log }: ResizerOriginalsParts,
  url: string,
  need: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<ResizerSaid | null> {
  const late = AbortSignal.timeout(ASK_MS)
  try {
    const answer = await request(url, {
      headers: { ...need, [NODE_HEADERS.secret]: nodeSecret },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      bytes += piece.byteLength
      if (bytes > BYTES_MAX) break
      pieces.push(piece)
    }
    if (answer.statusCode !== 200 || bytes > BYTES_MAX) return null
    const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'))
    if (parsed === null || typeof parsed !== 'object') return null
    return saidOf(answer.headers, parsed as Record<string, unknown>)
  } catch (error) {
    log.debug({ err: error, url }, 'an image server did not say what it knows of originals')
    return null
  }
}

export function saidOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  json: ResizerSaid['json'],
): ResizerSaid {
  return {
    logId: String(headers[NODE_HEADERS.log] ?? ''),
    mark: Number(headers[NODE_HEADERS.mark] ?? 0),
    json,
  }
}
