import type { Disk } from '../../src/cache/disk-bodies.ts'
import type { StateFile } from '../../src/cache/saved-state.ts'
import type { Program } from './host.ts'
import type { World } from './world.ts'

/** What was written so recently may not have reached the disk when the power goes. */
const UNSYNCED_MS = 2_000
/** Of such files: lost, torn, or whole after all. */
const FATES = { lost: 1, torn: 1, whole: 2 } as const

interface Written<T> {
  readonly data: T
  readonly at: number
}

/**
 * The disk of one machine, which outlives its programs. When the power goes, what was written last is lost or torn, what was removed
 * last may be back, and the saved state is the one before or cut short: names appear at a rename, bytes when the system pleases.
 */
export class NodeDisk {
  readonly #world: World
  readonly #files = new Map<string, Written<Uint8Array>>()
  readonly #removed = new Map<string, Written<Uint8Array>>()
  #state: Written<readonly string[]> | undefined
  #before: Written<readonly string[]> | undefined

  constructor(world: World) {
    this.#world = world
  }

  get count(): number {
    return this.#files.size
  }

  bodiesOf(program: Program): Disk {
    const pause = (): Promise<void> => program.pause(program.random.between(0, 2))
    const files = this.#files
    return {
      write: async (name, data) => {
        await pause()
        files.set(name, { data, at: this.#world.now })
        await pause()
      },
      read: async (name) => {
        await pause()
        return files.get(name)?.data
      },
      remove: async (name) => {
        await pause()
        const file = files.get(name)
        if (file) this.#removed.set(name, { ...file, at: this.#world.now })
        files.delete(name)
      },
      list: () => Promise.resolve([...files.keys()]),
    }
  }

  /** What it says is captured before and true only later. */
  stateOf(program: Program): StateFile {
    return {
      write: async (lines) => {
        const data = [...lines]
        await program.pause(program.random.between(0, 50))
        this.#before = this.#state
        this.#state = { data, at: this.#world.now }
        this.#forgetRemoved()
      },
      read: () => Promise.resolve(this.#state?.data),
    }
  }

  #forgetRemoved(): void {
    for (const [name, file] of this.#removed)
      if (!this.#isUnsynced(file)) this.#removed.delete(name)
  }

  #isUnsynced({ at }: Written<unknown>): boolean {
    return at > this.#world.now - UNSYNCED_MS
  }

  lose(): void {
    this.#files.clear()
    this.#removed.clear()
    this.#state = undefined
    this.#before = undefined
  }

  losePower(): void {
    const { chance } = this.#world
    for (const [name, file] of this.#files) {
      if (!this.#isUnsynced(file)) continue
      const fate = chance.weighed(FATES)
      if (fate === 'whole') continue
      this.#world.meet(`disk body ${fate}`)
      const cut = Math.floor(chance.between(0, file.data.byteLength))
      if (fate === 'lost') this.#files.delete(name)
      else this.#files.set(name, { ...file, data: file.data.subarray(0, cut) })
    }
    for (const [name, file] of this.#removed)
      if (this.#isUnsynced(file) && chance.happens(0.5)) this.#files.set(name, file)
    this.#tearState()
  }

  #tearState(): void {
    const state = this.#state
    if (!state || !this.#isUnsynced(state)) return
    const { chance } = this.#world
    const fate = chance.weighed(FATES)
    if (fate === 'whole') return
    this.#world.meet(`disk state ${fate}`)
    this.#state = fate === 'lost' ? this.#before : { ...state, data: this.#cut(state.data) }
  }

  /** Between two lines or within one; of a state that an earlier cut left empty there is nothing to cut. */
  #cut(lines: readonly string[]): readonly string[] {
    if (lines.length === 0) return lines
    const { chance } = this.#world
    const at = Math.floor(chance.between(0, lines.length))
    const last = lines[at]!
    const kept = last.slice(0, Math.floor(chance.between(0, last.length)))
    return kept === '' ? lines.slice(0, at) : [...lines.slice(0, at), kept]
  }
}
