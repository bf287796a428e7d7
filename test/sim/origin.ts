import type { AssetRecord, PresetsRecord } from '../../src/contract/records.ts'
import { recordName } from '../../src/contract/records.ts'
import { recipeText } from '../../src/contract/recipe.ts'
import { ImagingError } from '../../src/imaging/errors.ts'
import { sha256 } from '../../src/kernel/hash.ts'
import type { AssetsOrigin } from '../../src/origin/assets-origin.ts'
import { OriginError } from '../../src/origin/errors.ts'
import type { RecordChange } from '../../src/origin/records.ts'
import type { Remote } from '../../src/origin/remote.ts'
import type { Render } from '../../src/resizer/rendition.ts'
import type { Program } from './host.ts'
import { PROJECT, isDamaged } from './scene.ts'
import { ABSENT, Truth } from './truth.ts'
import type { World } from './world.ts'

const encoder = new TextEncoder()
/** More than any clock is set by. */
const KEPT_BEFORE_SECONDS = 3_600

/** Records, originals and a remote host, in memory: every byte says which version it is of. */
export class Origin {
  readonly truth: Truth
  readonly #world: World
  readonly #records = new Map<string, unknown>()
  readonly #blobs = new Map<string, string>()
  /** The remote host answers nobody. */
  remoteFails = false
  /** How often anybody read anything here. */
  reads = 0
  /** Reads and renders take up to this long. */
  slowMs = 3

  constructor(world: World) {
    this.#world = world
    this.truth = new Truth(world)
  }

  /** The text of an original as a blob, named by its hash. */
  putBlob(text: string): { readonly hash: string; readonly bytes: number } {
    const hash = sha256(text)
    this.#blobs.set(hash, text)
    return { hash, bytes: text.length }
  }

  /** What a version is called in properties: the beginning of its hash. */
  versionOf(beginning: string): string | null {
    for (const [hash, text] of this.#blobs) if (hash.startsWith(beginning)) return text
    return null
  }

  textOf(hash: string | undefined): string {
    return this.#blobs.get(hash ?? '') ?? ABSENT
  }

  /** Each record is whole, the batch may be cut short by a crash. */
  async apply(program: Program, changes: readonly RecordChange[]): Promise<void> {
    for (const { name, document } of changes) {
      await this.#wait(program)
      if (document === null) this.#records.delete(name)
      else this.#records.set(name, document)
      const subject = subjectOf(name)
      if (subject !== null) this.truth.of(subject).written(this.#valueOf(document))
    }
  }

  #valueOf(document: unknown): string {
    if (document === null) return ABSENT
    if (typeof document === 'object' && 'presets' in document)
      return (document as PresetsRecord).presets['small'] ?? ABSENT
    return this.textOf((document as AssetRecord).hash)
  }

  /** Since when a cache before the remote host answers what it has, whoever asks it to pass the question on. */
  #kept: { readonly from: number; readonly at: number } | null = null
  /** Moments at which it began and ceased to. */
  readonly #keptTimes: { readonly from: number; readonly to: number }[] = []
  /** What has changed behind it. */
  #behind: (() => void) | null = null

  keepBefore(): void {
    this.#kept ??= { from: this.#world.moment(), at: this.#world.now }
  }

  keepNothingBefore(): void {
    if (!this.#kept) return
    this.#keptTimes.push({ from: this.#kept.from, to: this.#world.moment() })
    this.#kept = null
    this.#behind?.()
    this.#behind = null
  }

  /** Of all that was read there since then, and of what is read now, nothing came from the host itself. */
  keptThroughout(moment: number): boolean {
    return this.#kept !== null && this.#kept.from < moment
  }

  keptSometime(moment: number): boolean {
    return this.#kept !== null || this.#keptTimes.some(({ to }) => to > moment)
  }

  /** How old answers are that come from that cache; it had kept them for long. */
  get #ageSeconds(): number | null {
    if (!this.#kept) return null
    return KEPT_BEFORE_SECONDS + Math.floor((this.#world.now - this.#kept.at) / 1000)
  }

  /** A remote host tells nobody when it changes; who reads it sees that only where no cache stands before it. */
  setRemote(original: string, text: string): void {
    if (this.#kept) {
      this.#behind = () => this.setRemote(original, text)
      return
    }
    const history = this.truth.of(original)
    history.written(text)
    history.committed()
  }

  readonly readRecord =
    (program: Program) =>
    async (name: string): Promise<unknown> => {
      this.reads += 1
      await this.#wait(program)
      const document = this.#records.get(name) ?? null
      await this.#wait(program)
      return document
    }

  assetsFor(program: Program): Pick<AssetsOrigin, 'readAsset' | 'unchanged' | 'openAsset'> {
    return {
      readAsset: async ({ hash }) => {
        this.reads += 1
        await this.#wait(program)
        const text = this.#blobs.get(hash)
        if (text === undefined) throw new OriginError('original-missing', 'There is no such blob.')
        return { bytes: encoder.encode(text), hash, stable: true }
      },
      unchanged: async () => true,
      openAsset: () => Promise.reject(new OriginError('original-missing', 'Nothing is streamed.')),
    }
  }

  remoteFor(program: Program): Pick<Remote, 'fetch'> {
    return {
      fetch: async ({ original, validators, noCache }) => {
        this.reads += 1
        await this.#wait(program)
        const text = this.truth.of(original).value
        const { remoteFails } = this
        const ageSeconds = this.#ageSeconds
        await this.#wait(program)
        if (remoteFails) throw new OriginError('origin-unreachable', 'The origin is down.')
        if (text === ABSENT) return { kind: 'missing', status: 404 }
        if (isDamaged(text)) throw new OriginError('not-an-image', `This is no image: ${text}`)
        const etag = `"${sha256(text).slice(0, 16)}"`
        if (noCache !== true && validators?.etag === etag)
          return { kind: 'not-modified', ageSeconds }
        const bytes = encoder.encode(text)
        return {
          kind: 'bytes',
          bytes,
          hash: sha256(text),
          mediaType: 'image/png',
          etag,
          lastModified: null,
          ageSeconds,
        }
      },
    }
  }

  /** Pixels that can be read: what they were made of, and how. */
  renderFor(program: Program): Render {
    return async (recipe, load, _project, loadWatermark) => {
      const source = new TextDecoder().decode(await load())
      const mark = loadWatermark && new TextDecoder().decode(await loadWatermark())
      await this.#wait(program)
      for (const text of [source, mark ?? ''])
        if (isDamaged(text)) throw new ImagingError('image-damaged', `This is no image: ${text}`)
      const made = { source, ...(mark === undefined ? {} : { mark }), recipe: recipeText(recipe) }
      return {
        bytes: encoder.encode(JSON.stringify(made)),
        mediaType: 'image/png',
        width: 1,
        height: 1,
      }
    }
  }

  #wait(program: Program): Promise<void> {
    return program.pause(this.#world.chance.between(0, this.slowMs))
  }
}

/** What history a record belongs to; null for records that do not change here. */
export function subjectOf(record: string): string | null {
  if (record === recordName.presets(PROJECT)) return 'presets'
  const prefix = recordName.asset(PROJECT, '')
  return record.startsWith(prefix) ? record.slice(prefix.length) : null
}
