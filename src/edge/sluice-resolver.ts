import { dropOldest } from '../kernel/drop-oldest.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { problemText } from '../contract/delivery-url.ts'
import type { DeliveryProblem, DeliveryUrl } from '../contract/delivery-url.ts'
import { negotiateFormat } from '../contract/negotiate-format.ts'
import { NAMES_TARGET, NODE_HEADERS } from '../contract/node-protocol.ts'
import { parseCanonicalTarget, parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { recordName } from '../contract/records.ts'
import type { NamesRecord, ProjectNames } from '../contract/records.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import { text } from './answer.ts'
import type { Edge } from './edge.ts'
import { EdgeError } from './errors.ts'
import { whenAsked } from './resource.ts'
import type { EdgeRequest, Resolution, Resolver, Resource } from './resource.ts'
import { SeenBefore } from './seen-before.ts'
import { checkSigned } from './signed-request.ts'

const NAMES_RESOURCE: Resource = {
  cacheKey: NAMES_TARGET,
  target: NAMES_TARGET,
  keys: whenAsked(() => [keyHash(keyText.record(recordName.names()))]),
  forward: {},
  varies: false,
  served: null,
}

/** Parsed URLs remembered between requests; cleared when the names change. */
const PARSED_MAX = 20_000
/** Longer spellings are parsed each time: a visitor decides how long a URL is, and must not fill the memory with it. */
const REMEMBERED_CHARACTERS_MAX = 1_024

interface Parsed {
  readonly url: DeliveryUrl
  readonly keys: () => readonly KeyHash[]
  readonly signing: ProjectNames['signing']
  readonly outer: ProjectNames['outer']
}

/**
 * Finds the resource of a delivery URL. Which project a host, company or token means is a record: fetched through this very edge,
 * cached with keys and marks, and judged at each request like everything else.
 */
export class SluiceResolver implements Resolver {
  readonly #edge: Edge
  readonly #names = new WeakMap<Uint8Array, NamesRecord>()
  readonly #parsed = new Map<string, Parsed>()
  readonly #seen = new SeenBefore()
  #parsedWith: NamesRecord | undefined

  constructor(edge: Edge) {
    this.#edge = edge
  }

  async resolve(request: EdgeRequest): Promise<Resolution> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return {
        kind: 'answer',
        answer: text(405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' }),
      }
    }
    if (request.asker && request.target === NAMES_TARGET)
      return { kind: 'resource', resource: NAMES_RESOURCE }
    if (request.asker && request.target.startsWith('/~/')) {
      return this.#canonical(request)
    }
    const { names, mark } = await this.#currentNames(request)
    if (names !== this.#parsedWith) this.#parsed.clear()
    this.#parsedWith = names
    const spelling = `${request.host}\n${request.target}`
    const known = this.#parsed.get(spelling)
    if (known) return this.#resource(request, known, mark)
    const parsed = parseDeliveryUrl({ host: request.host, target: request.target }, names)
    if (!parsed.ok) return { kind: 'answer', answer: problemAnswer(parsed.problem, mark) }
    const { url } = parsed
    const named = names.projects.find(({ project }) => project === url.project)
    const found = { url, keys: keysOf(url), signing: named?.signing, outer: named?.outer }
    return this.#resource(request, found, mark, () => this.#remember(spelling, names, found))
  }

  /** Asked by a node of ours, under the one name that it has. */
  #canonical(request: EdgeRequest): Resolution {
    const parsed = parseCanonicalTarget(request.target)
    if (!parsed.ok) return { kind: 'answer', answer: problemAnswer(parsed.problem, null) }
    const { url } = parsed
    return this.#resource(
      request,
      { url, keys: keysOf(url), signing: undefined, outer: undefined },
      null,
    )
  }

  #resource(
    request: EdgeRequest,
    parsed: Parsed,
    mark: number | null,
    onAdmitted?: () => void,
  ): Resolution {
    const { url, keys, signing, outer } = parsed
    const { clock, meter } = this.#edge.parts
    const signed = checkSigned(request, url.project, signing, clock.wall())
    if (!signed.ok) {
      meter.count('sluice_edge_refused_total', { reason: 'signature' })
      const { parameter, reason } = signed
      return { kind: 'answer', answer: problemAnswer({ status: 403, parameter, reason }, mark) }
    }
    const format = negotiateFormat(url, request.headers['accept'] ?? null)
    return {
      kind: 'resource',
      resource: {
        cacheKey: format === null ? url.target : `${url.target}\n${format}`,
        target: url.target,
        keys,
        forward: format === null ? {} : { accept: `image/${format}` },
        varies: false,
        served: request.asker ? null : servedAs(url, outer),
        ...(mark === null ? {} : { understoodAt: mark }),
        ...(signed.expiresAtMs === null ? {} : { expiresAtMs: signed.expiresAtMs }),
        ...(onAdmitted === undefined ? {} : { onAdmitted }),
      },
    }
  }

  #remember(spelling: string, names: NamesRecord, found: Parsed): void {
    // By names that changed meanwhile it may mean something else.
    if (names !== this.#parsedWith || spelling.length > REMEMBERED_CHARACTERS_MAX) return
    if (!this.#seen.again(spelling)) return
    this.#parsed.set(spelling, found)
    dropOldest(this.#parsed, PARSED_MAX)
  }

  async #currentNames(request: EdgeRequest): Promise<{ names: NamesRecord; mark: number }> {
    const asked: EdgeRequest = {
      ...request,
      method: 'GET',
      target: NAMES_TARGET,
      headers: {},
      asker: null,
    }
    const obtained = await this.#edge.obtain(asked, NAMES_RESOURCE)
    if (
      obtained === 'not-cached' ||
      obtained.answer.tooLarge ||
      obtained.answer.meta.status !== 200
    ) {
      throw new EdgeError(
        'upstream-malformed',
        503,
        'The image server does not say which projects there are.',
      )
    }
    const body = obtained.answer.body
    let names = this.#names.get(body)
    if (!names) this.#names.set(body, (names = parseNames(body)))
    return { names, mark: obtained.mark }
  }
}

function parseNames(body: Uint8Array): NamesRecord {
  const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  const sound =
    typeof parsed === 'object' &&
    parsed !== null &&
    'projects' in parsed &&
    Array.isArray(parsed.projects)
  // The rest was checked when control wrote it, and comes from an authenticated node.
  if (!sound) throw new EdgeError('upstream-malformed', 503, 'The record of names cannot be read.')
  return parsed as NamesRecord
}

function keysOf(url: DeliveryUrl): () => readonly KeyHash[] {
  return whenAsked(() => urlKeyTexts(url).map(keyHash))
}

function servedAs(url: DeliveryUrl, outer: ProjectNames['outer']): Resource['served'] {
  return { project: url.project, subject: subjectText(url), ...(outer ? { outer } : {}) }
}

export function subjectText({ project, subject }: DeliveryUrl): string {
  return subject.kind === 'original'
    ? keyText.original(project, subject.original)
    : keyText.asset(project, subject.asset)
}

/** A refusal that names the parameter; with the mark of the names that it was judged by, where there is one. */
export function problemAnswer(
  problem: DeliveryProblem,
  mark: number | null,
): ReturnType<typeof text> {
  const message = problemText(problem)
  return text(problem.status, message, mark === null ? {} : { [NODE_HEADERS.mark]: String(mark) })
}
