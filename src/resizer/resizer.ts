import { sha256 } from '../kernel/hash.ts'
import type { Timers } from '../kernel/timers.ts'
import { Fills, arrive } from '../cache/fills.ts'
import type { FillOrder, Waiter } from '../cache/fills.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { problemText } from '../contract/delivery-url.ts'
import type { DeliveryUrl, ParsedDelivery } from '../contract/delivery-url.ts'
import { ORIGINALS_TARGET } from '../contract/known-originals.ts'
import { negotiateFormat } from '../contract/negotiate-format.ts'
import { NAMES_TARGET, ofOneLog } from '../contract/node-protocol.ts'
import type { Asker } from '../contract/node-protocol.ts'
import { parseCanonicalTarget, parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { recordName } from '../contract/records.ts'
import type { NamesRecord } from '../contract/records.ts'
import { believedSeconds, lifetimeHeaders, provenanceHeaders, textAnswer } from './answer.ts'
import type { Provenance, ResizerAnswer } from './answer.ts'
import { contentAnswer, sandbox } from './content.ts'
import { isKeptBytesLost } from './errors.ts'
import { standInAnswer } from './missing-original.ts'
import { originalsAnswer } from './originals-answer.ts'
import { propertiesAnswer } from './properties.ts'
import { inLog, publicProblem } from './problems.ts'
import type { Problem } from './problems.ts'
import { InputChanged } from './rendition-input.ts'
import { fillRendition, renditionKey } from './rendition.ts'
import type { Made, RenditionFill, RenditionMeta, RenditionParts } from './rendition.ts'

export interface ResizerRequest {
  readonly method: string
  readonly host: string
  readonly target: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Set when a node of ours asked. */
  readonly asker: Asker | null
}

export interface ResizerParts extends RenditionParts {
  readonly timers: Timers
  /** Its own unless given. */
  readonly fills?: Fills<RenditionFill>
}

/** Names change seldom, and a change is a purge. */
const NAMES_CDN_SECONDS = 36_000
/** How long an upstream that is behind waits for the purge log before it bypasses its cache (freshness rule P8). */
const CATCH_UP_MS = 20
const CATCH_UP_STEP_MS = 2
/** An answer may be made of this many kept bodies: a rendition and its original. Each can be lost. */
const KEPT_FOR_ONE_ANSWER = 2

/** How long an answer lives whose `vh` would have been a reason to look at the origin, were the last look not just over. */
const BRIEF_SECONDS = 1

type Obtained = Pick<RenditionFill, 'made' | 'keys' | 'mark'> & { readonly brief: boolean }

const NOTHING = new Uint8Array(0)

/** The image server role: URL to recipe, cached rendition or cached original, pixels, mark. Knows no sockets. */
export class Resizer {
  readonly #parts: ResizerParts
  readonly #fills: Fills<RenditionFill>

  constructor(parts: ResizerParts) {
    this.#parts = parts
    this.#fills = parts.fills ?? new Fills(parts.freshness, parts.clock)
  }

  async handle(request: ResizerRequest): Promise<ResizerAnswer> {
    const { freshness } = this.#parts
    const { logId } = freshness
    return ofOneLog(await this.#answer(request), logId, freshness.logId)
  }

  async #answer(request: ResizerRequest): Promise<ResizerAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return textAnswer(405, 'Only GET and HEAD are answered here.', null, { allow: 'GET, HEAD' })
    }
    const { freshness } = this.#parts
    const { logId } = freshness
    await this.#catchUp(request.asker?.minMark ?? 0)
    // What is needed was said in numbers of the log of then.
    const asker = freshness.logId === logId ? request.asker : null
    const waiter = arrive(freshness, asker?.minMark ?? 0, asker?.holdsLease ?? false)
    const mark = Math.max(freshness.applied, waiter.minMark)
    try {
      if (request.target === NAMES_TARGET) return await this.#names(request, waiter, mark)
      if (request.target.startsWith(ORIGINALS_TARGET)) {
        if (!request.asker) return textAnswer(404, 'This is for nodes alone.', null)
        return await originalsAnswer(this.#parts, request.target, waiter, mark)
      }
      const parsed = await this.#parse(request, waiter, mark)
      const from = { logId: freshness.logId, mark, keys: [] }
      return parsed.ok
        ? await this.#serveAgain(request, parsed.url, waiter, mark)
        : problemAnswer(parsed.problem, from)
    } catch (error) {
      const problem = publicProblem(error)
      if (!problem) throw error
      this.#parts.log.warn({ target: request.target, ...inLog(error, problem) }, 'not delivered')
      return problemAnswer(problem, { logId: freshness.logId, mark, keys: [] })
    }
  }

  /** Anew when kept bytes turn out to be lost. What pointed at them is dropped by then, so the next round finds more. */
  async #serveAgain(
    ...asked: readonly [ResizerRequest, DeliveryUrl, Waiter, number]
  ): Promise<ResizerAnswer> {
    for (let lost = 0; ; lost++) {
      try {
        return await this.#serve(...asked)
      } catch (error) {
        if (!isKeptBytesLost(error) || lost === KEPT_FOR_ONE_ANSWER) throw error
      }
    }
  }

  async #serve(
    request: ResizerRequest,
    url: DeliveryUrl,
    waiter: Waiter,
    mark: number,
  ): Promise<ResizerAnswer> {
    const parts = this.#parts
    if (url.asks.kind === 'properties') {
      // The condition is on what the properties say, not on the picture that they speak of.
      const { 'if-none-match': wanted, ...headers } = request.headers
      const answer = await propertiesAnswer(parts, url, waiter, mark, (image) =>
        this.#rendition({ ...request, headers }, image, waiter),
      )
      const etag = answer.headers['etag']
      return etag !== undefined && listsTag(wanted, etag)
        ? { ...answer, status: 304, body: null }
        : answer
    }
    if (url.subject.kind === 'content') return contentAnswer(parts, request, url, waiter, mark)
    const { made, keys, mark: reached, brief } = await this.#rendition(request, url, waiter)
    const from = { logId: parts.freshness.logId, keys, mark: reached }
    switch (made.kind) {
      case 'problem':
        return problemAnswer(made.problem, from)
      case 'stand-in':
        return standInAnswer(made, request.headers['if-none-match'], from)
      case 'rendition':
        return this.#bytes(request, url, made, from, brief)
    }
  }

  async #rendition(request: ResizerRequest, url: DeliveryUrl, waiter: Waiter): Promise<Obtained> {
    const { renditions, bodies, remotes, meter } = this.#parts
    const format = negotiateFormat(url, request.headers['accept'] ?? null)
    const key = renditionKey(url, format)
    const { project, subject, versionToken } = url
    const token =
      subject.kind === 'original' && versionToken !== null
        ? remotes.tokenState(project, subject.original, versionToken)
        : 'known'
    const news = token === 'news'
    const brief = token === 'too-soon'
    const known = renditions.has(key)
    const found = news || !waiter.mayUseCache ? undefined : renditions.lookup(key, waiter.minMark)
    const fit =
      found && !this.#expired(url, found.entry.meta) && !namesAnother(url, found.entry.meta)
    if (found && fit) {
      const { keys, meta, body } = found.entry
      // HEAD tells the length of what it does not send, so it reads like GET.
      const bytes = isNotModified(request, meta) ? NOTHING : await bodies.read(body)
      if (bytes) {
        meter.count('sluice_resizer_requests_total', { cache: 'hit' })
        return {
          keys,
          brief,
          mark: found.mark,
          made: { kind: 'rendition', meta, load: async () => bytes, keep: true },
        }
      }
      renditions.dropLost(key, body)
    }
    meter.count('sluice_resizer_requests_total', { cache: 'miss' })
    const bypass = bypassOf({
      news,
      found: found !== undefined,
      known,
      mayUse: waiter.mayUseCache,
      held: renditions.has(key),
    })
    meter.count('sluice_resizer_fills_total', { reason: bypass })
    const asked = { ...waiter, mayUseCache: waiter.mayUseCache && !news }
    const fill = await this.#fills.obtain(key, asked, (order) => this.#fill(url, format, order))
    return { ...fill, brief }
  }

  /** A remote original may have changed without anybody saying so: ordinary expiry. */
  #expired(url: DeliveryUrl, meta: RenditionMeta): boolean {
    return (
      meta.confirmedAt !== null &&
      this.#parts.clock.wall() >= meta.confirmedAt + believedSeconds(url, meta) * 1000
    )
  }

  async #fill(url: DeliveryUrl, format: string | null, order: FillOrder): Promise<RenditionFill> {
    try {
      return await fillRendition(this.#parts, url, format, order)
    } catch (error) {
      if (!(error instanceof InputChanged)) throw error
      return fillRendition(this.#parts, url, format, order)
    }
  }

  async #bytes(
    request: ResizerRequest,
    url: DeliveryUrl,
    made: Extract<Made, { kind: 'rendition' }>,
    from: Provenance,
    brief: boolean,
  ): Promise<ResizerAnswer> {
    const { meta } = made
    const wall = this.#parts.clock.wall()
    const now = brief ? { wall, atMostSeconds: BRIEF_SECONDS } : { wall }
    const headers: Record<string, string> = {
      etag: meta.etag,
      'sluice-input': meta.inputHash,
      ...(made.keep ? lifetimeHeaders(url, meta, now) : { 'cache-control': 'no-store' }),
      ...(url.negotiates.length > 0 ? { vary: 'Accept' } : {}),
      ...provenanceHeaders(from),
    }
    if (isNotModified(request, meta)) return { status: 304, headers, body: null }
    const bytes = await made.load()
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': meta.mediaType,
        'content-length': String(bytes.byteLength),
        'x-content-type-options': 'nosniff',
        ...sandbox(meta.mediaType),
      },
      body: bytes,
    }
  }

  async #parse(request: ResizerRequest, waiter: Waiter, mark: number): Promise<ParsedDelivery> {
    if (request.target.startsWith('/~/')) return parseCanonicalTarget(request.target)
    const need = { mark, strict: !waiter.mayUseCache, logId: waiter.logId }
    const names = await this.#parts.records.read<NamesRecord>(recordName.names(), need)
    return parseDeliveryUrl(
      { host: request.host, target: request.target },
      names ?? { projects: [] },
    )
  }

  async #names(request: ResizerRequest, waiter: Waiter, mark: number): Promise<ResizerAnswer> {
    const need = { mark, strict: !waiter.mayUseCache, logId: waiter.logId }
    const { projects } = (await this.#parts.records.read<NamesRecord>(
      recordName.names(),
      need,
    )) ?? {
      projects: [],
    }
    // Keys that sign URLs are for nodes; on loopback others may ask too.
    const shown = request.asker
      ? projects
      : projects.map((names) => ({ ...names, signing: undefined }))
    const body = Buffer.from(JSON.stringify({ projects: shown }))
    const etag = `"${sha256(body).slice(0, 32)}"`
    const keys = [keyHash(keyText.record(recordName.names()))]
    const headers = {
      etag,
      'cache-control': 'no-store',
      'cdn-cache-control': `max-age=${NAMES_CDN_SECONDS}`,
      ...provenanceHeaders({ logId: this.#parts.freshness.logId, mark, keys }),
    }
    if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: null }
    const length = String(body.byteLength)
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': length },
      body,
    }
  }

  async #catchUp(minMark: number): Promise<void> {
    const { freshness, clock, timers } = this.#parts
    const until = clock.now() + CATCH_UP_MS
    while (freshness.applied < minMark && clock.now() < until) await timers.sleep(CATCH_UP_STEP_MS)
  }
}

function isNotModified(request: ResizerRequest, meta: RenditionMeta): boolean {
  return listsTag(request.headers['if-none-match'], meta.etag)
}

function listsTag(wanted: string | undefined, etag: string): boolean {
  return wanted?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) ?? false
}

function problemAnswer(problem: Problem, from: Provenance): ResizerAnswer {
  const message = problemText(problem)
  return textAnswer(
    problem.status,
    message,
    from,
    problem.status === 503 ? { 'retry-after': String(problem.retryAfterSeconds ?? 1) } : {},
  )
}

/**
 * `id=` asks for a version that the kept rendition was not made of: without a purge it may be of an older one (Image Serving, "id").
 * Looking at the record again costs little; nothing is rendered again when the input is the same.
 */
function namesAnother({ subject, versionToken }: DeliveryUrl, meta: RenditionMeta): boolean {
  if (versionToken === null || subject.kind === 'original') return false
  return !meta.inputHash.startsWith(versionToken.toLowerCase())
}

/** Why the cache did not answer, for the metric of that name. */
function bypassOf(seen: {
  news: boolean
  found: boolean
  known: boolean
  mayUse: boolean
  held: boolean
}): string {
  if (seen.news) return 'version-token'
  if (seen.found) return 'lifetime'
  if (!seen.known) return 'absent'
  if (!seen.mayUse) return 'lease'
  return seen.held ? 'min-mark' : 'stamp'
}

export const RESIZER_METRICS = {
  sluice_resizer_requests_total: {
    kind: 'counter',
    help: 'Renditions asked for: hit or miss.',
    labels: ['cache'],
  },
  sluice_resizer_fills_total: {
    kind: 'counter',
    help: 'Renditions not answered from the cache by why: absent, stamp, min-mark, lifetime, lease or version-token.',
    labels: ['reason'],
  },
  sluice_resizer_renders_total: {
    kind: 'counter',
    help: 'Renditions made from originals.',
    labels: [],
  },
  sluice_resizer_reused_total: {
    kind: 'counter',
    help: 'Renditions kept after their inputs were found unchanged.',
    labels: [],
  },
} as const
