import type { Evidence } from '../../src/contract/invalidation.ts'
import type { InvalidationRow } from '../../src/store/store.ts'
import type { Floor, Ledger } from './ledger.ts'
import type { EdgeNode } from './edge-node.ts'
import type { Origin } from './origin.ts'
import type { OuterCache } from './outer-cache.ts'
import {
  ACCEPTS,
  HOST,
  MARK,
  URLS,
  damagedIn,
  formatFor,
  isOf,
  isPromised,
  partsOf,
} from './scene.ts'
import type { SceneUrl } from './scene.ts'
import { ABSENT } from './truth.ts'
import type { Truth } from './truth.ts'
import { wholeAnswer } from './whole-answer.ts'
import type { WholeAnswer } from './whole-answer.ts'
import type { World } from './world.ts'

export interface Violation {
  readonly kind:
    | 'stale'
    | 'other variant'
    | 'false evidence'
    | 'false mark'
    | 'strange answer'
    | 'not Done'
    | 'no answer'
    | 'not healed'
    | 'log'
    | 'unbounded'
    | 'wasteful'
  readonly at: number
  readonly text: string
}

/** What an answer was made of, as its bytes say; null where they say nothing of it. */
interface Seen {
  readonly subject: string | null
  readonly mark: string | null
  readonly preset: string | null
  /** Of a URL that has several. */
  readonly format: string | null
}

interface Asked {
  readonly url: SceneUrl
  readonly accept: string
  readonly method: string
}

const RECIPE_WIDTH = /"width":(\d+)/
const VERSION = /^image\.version=(\w+)$/m
const RECIPE_FORMAT = /"format":"(\w+)"/

/**
 * P0, for each answer: if its request's head was read after anyone could have learned that a purge is Done, its bytes come from reads
 * that began after that purge was committed. Besides, a mark must not claim what the bytes do not keep.
 */
export class Safety {
  readonly violations: Violation[] = []
  readonly counts = { answers: 0, hits: 0, unavailable: 0 }
  readonly #world: World
  readonly #ledger: Ledger
  readonly #origin: Origin
  readonly #truth: Truth
  /** What clients hold: by ETag, what it stood for. */
  readonly #byTag = new Map<string, Seen>()
  readonly #lastTag = new Map<string, string>()

  constructor(world: World, ledger: Ledger, origin: Origin) {
    this.#world = world
    this.#ledger = ledger
    this.#origin = origin
    this.#truth = origin.truth
  }

  /** A client asks; resolves with the status, or never when the edge dies meanwhile. */
  read(edge: EdgeNode, url: SceneUrl): Promise<number> {
    return new Promise((resolve, reject) => {
      edge.program.later(0, () => void this.#readHead(edge, url).then(resolve, reject))
    })
  }

  async #readHead(edge: EdgeNode, url: SceneUrl): Promise<number> {
    // What is Done now binds this answer.
    const floors = partsOf(url).map((part) => this.#ledger.floorOf(part))
    const { logId } = this.#ledger
    const joined = edge.freshness.logId === logId
    const { chance } = this.#world
    const method = chance.happens(0.1) ? 'HEAD' : 'GET'
    const accept = chance.pick(ACCEPTS)
    const headers = { accept, ...this.#conditions(url) }
    const head = await edge.request(method, url.target, headers)
    const answer = await wholeAnswer(head)
    // Numbers of a log that was replaced claim nothing in the new one.
    const claims = joined && this.#ledger.logId === logId
    this.#check(edge.host.name, { url, accept, method }, floors, answer, claims)
    return answer.status
  }

  /** A client asks a cache outside Sluice, of which only some invalidations promise something. */
  async readOuter(outer: OuterCache, url: SceneUrl): Promise<void> {
    const floors = partsOf(url).map((part) => this.#ledger.outerFloorOf(part))
    const accept = this.#world.chance.pick(ACCEPTS)
    const answer = await outer.request(url.target, accept).catch(() => null)
    if (!answer) return
    const claims = outer.logOf(answer) === this.#ledger.logId
    this.#check('outer', { url, accept, method: 'GET' }, floors, answer, claims)
  }

  /** Some ask whether their copy is still good, some want only what is there. */
  #conditions(url: SceneUrl): Record<string, string> {
    const tag = this.#lastTag.get(url.target)
    const { chance } = this.#world
    return {
      ...(tag !== undefined && chance.happens(0.2) ? { 'if-none-match': tag } : {}),
      ...(chance.happens(0.05) ? { 'cache-control': 'only-if-cached' } : {}),
      ...(chance.happens(0.05) ? { range: 'bytes=2-9' } : {}),
    }
  }

  #check(
    who: string,
    { url, accept, method }: Asked,
    floors: readonly Floor[],
    answer: WholeAnswer,
    claims: boolean,
  ): void {
    const seen = this.#seen(method, answer, url)
    this.counts.answers += 1
    this.#world.meet(`answer ${method === 'HEAD' ? 'HEAD ' : ''}${answer.status}`)
    if (who === 'outer') this.#world.meet('answer of a cache outside')
    if ((answer.headers['cache-status'] ?? '').includes('; hit')) this.counts.hits += 1
    if (answer.status >= 500) this.counts.unavailable += 1
    const made = seen === null || seen === 'strange' ? seen : inWords(seen)
    const format = formatFor(url, accept)
    const what = `${url.target}${format === null ? '' : ` as ${format}`} -> ${answer.status} ${made}`
    const mark = answer.headers['sluice-mark']
    const words = answer.status >= 400 ? Buffer.from(answer.body).toString().trim() : ''
    this.#world.note(who, `${what} ${words} mark ${mark} ${answer.headers['cache-status'] ?? ''}`)
    if (seen === 'strange') return this.fail('strange answer', what)
    if (seen === null) return
    if (seen.format !== null) this.#world.meet(`variant ${seen.format}`)
    const isStandIn = seen.subject === ABSENT && answer.status < 400
    if (isStandIn) this.#world.meet('stand-in')
    else if (answer.status < 400 && seen.format !== format)
      this.fail('other variant', `${who} answered ${what} in the variant ${seen.format}`)
    for (const [at, part] of partsOf(url).entries()) {
      this.#compare('stale', who, part, seen, floors[at]!)
      if (mark !== undefined && claims)
        this.#compare('false mark', who, part, seen, this.#ledger.claimOf(part, Number(mark)))
    }
  }

  /** By URL, with the mark that the answer bore: several invalidations may look at one at a time. */
  readonly #looks = new Map<string, { readonly seen: Seen; readonly mark: number | null }[]>()

  /** Control looks at what a cache outside serves. */
  looked(target: string, answer: WholeAnswer): void {
    this.#world.meet('outer looked at')
    const url = URLS.find((each) => each.target === target)
    const seen = url && answer.status < 500 ? this.#seen('GET', answer, url) : null
    if (seen === null || seen === 'strange') return
    const mark = answer.headers['sluice-mark']
    const looks = this.#looks.get(target) ?? []
    looks.push({ seen, mark: mark === undefined ? null : Number(mark) })
    this.#looks.set(target, looks)
  }

  /** Fresh is what was looked at and is: a look that betrayed an old copy never ends in Done. */
  checkEvidence(row: InvalidationRow, floor: Floor): void {
    const { evidence } = row
    for (const { via, url: full, mark } of evidence?.verdict === 'fresh' ? evidence.probes : []) {
      const url = URLS.find(({ target }) => full === `http://${HOST}${target}`)
      if (via !== 'outer' || !url) continue
      // Of several that bore this mark, the last is the one that knows most.
      const look = this.#looks.get(url.target)?.findLast((each) => each.mark === mark)
      if (!look) this.fail('false evidence', `nobody saw what ${full} is; mark ${mark}`)
      for (const part of look ? partsOf(url).filter((each) => isPromised(row, each)) : [])
        this.#compare('false evidence', 'outer', part, look!.seen, floor)
    }
    if (evidence) this.#checkOrigins(evidence, floor)
  }

  /** What was read at an origin through a cache that kept its answers all the while is not fresh, and only that is not. */
  #checkOrigins({ verdict, probes, notes }: Evidence, { moment, because }: Floor): void {
    const wasRead = probes.some(({ via, mark }) => via === 'its origin' && mark !== null)
    if (verdict === 'fresh' && wasRead && this.#origin.keptThroughout(moment))
      this.fail('false evidence', `${because}, read through a cache before its origin`)
    if (!notes?.some((note) => note.includes('before its origin'))) return
    this.#world.meet('origin kept before')
    if (!this.#origin.keptSometime(moment))
      this.fail('false evidence', `${because}, and nothing stood before its origin`)
  }

  #compare(
    kind: Violation['kind'],
    who: string,
    url: SceneUrl,
    seen: Seen,
    { moment, because }: Floor,
  ): void {
    const made = url.says === 'watermark' ? seen.mark : seen.subject
    const parts = [
      [url.subject, made],
      ...(url.usesPreset && made !== ABSENT ? [['presets', seen.preset] as const] : []),
    ] as const
    for (const [subject, value] of parts) {
      if (value === null) continue
      const history = this.#truth.of(subject)
      if (history.couldBring(value, moment)) continue
      this.fail(
        kind,
        `${who} answered ${url.target} with ${subject} = ${value}, but ${because} ` +
          `(moment ${moment}; history: ${history.describe()})`,
      )
    }
  }

  fail(kind: Violation['kind'], text: string): void {
    this.#world.note('CHECKER', `${kind}: ${text}`)
    this.violations.push({ kind, at: this.#world.now, text })
  }

  #seen(method: string, answer: WholeAnswer, url: SceneUrl): Seen | 'strange' | null {
    const tag = answer.headers['etag']
    switch (answer.status) {
      case 200: {
        // Who asks for the head alone may be the first to learn of this version.
        if (method === 'HEAD') return this.#byTag.get(tag ?? '') ?? null
        const seen = this.#readBody(answer, url)
        if (tag === undefined || seen === null) return 'strange'
        this.#byTag.set(tag, seen)
        this.#lastTag.set(url.target, tag)
        return seen
      }
      case 206:
        // A part says by its tag what it is of; who asks for one may be the first to learn of this version.
        return this.#byTag.get(tag ?? '') ?? null
      case 304:
        return this.#byTag.get(tag ?? '') ?? 'strange'
      case 404:
        // Of two things that may be missing only the words tell which.
        if (url.mark && method === 'HEAD') return null
        return refused(url, ABSENT, textOf(answer).includes('The watermark'))
      case 422: {
        if (method === 'HEAD') return null
        const text = damagedIn(textOf(answer))
        return text === null ? 'strange' : refused(url, text, isOf(text, MARK))
      }
      default:
        return answer.status >= 500 ? null : 'strange'
    }
  }

  #readBody(answer: WholeAnswer, url: SceneUrl): Seen | null {
    const text = textOf(answer)
    const nothing = { mark: null, preset: null, format: null }
    switch (url.says) {
      case 'picture':
      case 'watermark':
        return readPicture(text, url)
      case 'content':
        return { ...nothing, subject: text }
      case 'properties': {
        const version = VERSION.exec(text)?.[1]
        return { ...nothing, subject: version ? this.#origin.versionOf(version) : null }
      }
    }
  }
}

/** Why there is no picture: its original, or the watermark that it should bear. */
function refused(url: SceneUrl, text: string, isMark: boolean): Seen {
  const ofMark = url.mark !== null && isMark
  return { subject: ofMark ? null : text, mark: ofMark ? text : null, preset: null, format: null }
}

function readPicture(text: string, url: SceneUrl): Seen {
  const { source, mark, recipe } = JSON.parse(text) as {
    source: string
    mark?: string
    recipe: string
  }
  // What is missing may be shown as something else.
  if (url.mark && isOf(source, MARK))
    return { subject: ABSENT, mark: source, preset: null, format: null }
  return {
    subject: source,
    mark: mark ?? null,
    preset: url.usesPreset ? `wid=${RECIPE_WIDTH.exec(recipe)?.[1]}` : null,
    format: url.formats.length === 0 ? null : (RECIPE_FORMAT.exec(recipe)?.[1] ?? 'none'),
  }
}

function textOf({ body }: WholeAnswer): string {
  return Buffer.from(body).toString()
}

function inWords({ subject, mark, preset }: Seen): string {
  return [subject, mark, preset].filter((part) => part !== null).join(' ')
}
