import type { AssetRecord, PresetsRecord } from '../../src/contract/records.ts'
import { recordName } from '../../src/contract/records.ts'
import { recipeText } from '../../src/contract/recipe.ts'
import { sha256 } from '../../src/kernel/hash.ts'
import type { AssetsOrigin } from '../../src/origin/assets-origin.ts'
import { OriginError } from '../../src/origin/errors.ts'
import type { RecordChange } from '../../src/origin/records.ts'
import type { Remote } from '../../src/origin/remote.ts'
import type { Render } from '../../src/resizer/rendition.ts'
import type { Program } from './host.ts'
import { PROJECT } from './scene.ts'
import { ABSENT, Truth } from './truth.ts'
import type { World } from './world.ts'

const encoder = new TextEncoder()

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

  /** A remote host tells nobody when it changes. */
  setRemote(original: string, text: string): void {
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
        await this.#wait(program)
        if (remoteFails) throw new OriginError('origin-unreachable', 'The origin is down.')
        if (text === ABSENT) return { kind: 'missing', status: 404 }
        const etag = `"${sha256(text).slice(0, 16)}"`
        if (noCache !== true && validators?.etag === etag)
          return { kind: 'not-modified', ageSeconds: null }
        const bytes = encoder.encode(text)
        return {
          kind: 'bytes',
          bytes,
          hash: sha256(text),
          mediaType: 'image/png',
          etag,
          lastModified: null,
          ageSeconds: null,
        }
      },
    }
  }

  /** Pixels that can be read: what they were made of, and how. */
  renderFor(program: Program): Render {
    return async (recipe, load) => {
      const source = await load()
      await this.#wait(program)
      const made = { source: new TextDecoder().decode(source), recipe: recipeText(recipe) }
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
