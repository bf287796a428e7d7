import type { Host, Program } from './host.ts'
import type { World } from './world.ts'

/** How bad the network is, as shares of messages; changed while a run goes on. */
export interface Conditions {
  /** Never arrives; the caller finds out late or never. */
  lost: number
  /** Arrives twice. */
  repeated: number
  /** Takes up to `slowMs` instead of a few milliseconds, so that messages overtake each other. */
  slow: number
  slowMs: number
}

export const CALM: Conditions = { lost: 0, repeated: 0, slow: 0, slowMs: 0 }

/** What befalls one message of a script: how long its way takes, or that it is lost. */
export type Fate = { readonly ms: number } | 'lost' | undefined

export interface Message {
  readonly what: string
  readonly leg: 'request' | 'answer'
  /** The host that asks, whichever way the message goes. */
  readonly asker: string
}

/** What waits on a dead connection gives up by then: idle limits of clients and proxies. */
const HANG_MS = 8_000
const NORMAL_MS = { from: 0.05, to: 3 } as const

export interface Call<T> {
  readonly from: Program
  readonly to: () => Program
  readonly what: string
  readonly signal: AbortSignal
  /** Runs inside the program that `to` names when the message arrives; it may ask whether the caller is still there. */
  readonly handle: (caller: Caller) => Promise<T>
  /** What the caller gets when there is no answer. */
  readonly failure: (why: string) => Error
}

/** The other end of a call as its server sees it. A signal costs more than a whole message, and few listen to it. */
export class Caller {
  #gone: AbortController | undefined
  #reason: unknown

  get signal(): AbortSignal {
    this.#gone ??= new AbortController()
    if (this.#reason !== undefined) this.#gone.abort(this.#reason)
    return this.#gone.signal
  }

  left(reason: unknown): void {
    this.#reason = reason
    this.#gone?.abort(reason)
  }
}

/** Messages between programs: late, lost, repeated, overtaking each other, and cut off by partitions. */
export class Network {
  readonly #world: World
  readonly #cuts = new Set<string>()
  readonly #hanging = new Set<() => void>()
  readonly #listening = new Set<() => void>()
  #healed = false
  conditions: Conditions = { ...CALM }
  /** Decides for single messages; those that it leaves alone go as conditions are. */
  script: (message: Message) => Fate = () => undefined

  constructor(world: World) {
    this.#world = world
  }

  /** What the one sends does not reach the other any more; what the other sends still arrives. */
  cut(from: Host, to: Host): void {
    this.#cuts.add(wayOf(from, to))
  }

  mend(from: Host, to: Host): void {
    this.#cuts.delete(wayOf(from, to))
  }

  /** The end of all faults: what hangs is reset. */
  heal(): void {
    this.#healed = true
    this.#cuts.clear()
    this.script = () => undefined
    this.conditions = { ...CALM }
    for (const reset of this.#hanging) reset()
    this.#hanging.clear()
  }

  call<T>(call: Call<T>): Promise<T> {
    const { from, signal } = call
    const caller = new Caller()
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const abort = (): void => {
        settle(() => reject(signal.reason as Error))
        this.#world.after(this.#delay(), () => caller.left(signal.reason))
      }
      // Node keeps a signal that somebody listens to, and with it this whole world.
      const deaf = (): void => {
        this.#listening.delete(deaf)
        signal.removeEventListener('abort', abort)
      }
      const settle = (settled: () => void): void => {
        deaf()
        settled()
      }
      this.#listening.add(deaf)
      signal.addEventListener('abort', abort, { once: true })
      const back: Back<T> = {
        answer: (answer) => settle(() => resolve(answer)),
        error: (error) => settle(() => reject(error)),
        fail: (why) => from.later(this.#delay(), () => settle(() => reject(call.failure(why)))),
      }
      this.#send(call, caller, back)
      if (!this.#world.chance.happens(this.conditions.repeated)) return
      this.#world.meet('message repeated')
      this.#send(call, caller, NOBODY)
    })
  }

  /** The end of the world: nobody listens any more. */
  close(): void {
    for (const deaf of this.#listening) deaf()
  }

  #send<T>(call: Call<T>, caller: Caller, back: Back<T>): void {
    const fate = this.#fateOf(call, 'request')
    if (fate === 'lost') {
      this.#world.meet('message lost')
      return this.#hang(call.what, call.from, back.fail)
    }
    this.#world.after(fate.ms, () => this.#arrive(call, caller, back))
  }

  #arrive<T>(call: Call<T>, caller: Caller, back: Back<T>): void {
    const target = call.to()
    const { from } = call
    if (this.#isCut(from, target)) {
      this.#world.meet('message cut off')
      return this.#hang(call.what, from, back.fail)
    }
    if (!target.alive) {
      this.#world.meet('message refused')
      return back.fail('connection refused')
    }
    const deaf = target.whenDead(() => {
      this.#world.meet('message answered by the dead')
      this.#hang(call.what, from, back.fail)
    })
    target.later(0, () => {
      const leave = (deliver: () => void): void => {
        deaf()
        const fate = this.#fateOf(call, 'answer')
        const isCut = this.#isCut(target, from)
        if (isCut) this.#world.meet('answer cut off')
        if (isCut || fate === 'lost') this.#hang(call.what, from, back.fail)
        else from.later(fate.ms, deliver)
      }
      call.handle(caller).then(
        (answer) => leave(() => back.answer(answer)),
        (error: unknown) => leave(() => back.error(error as Error)),
      )
    })
  }

  #fateOf<T>({ what, from }: Call<T>, leg: Message['leg']): Exclude<Fate, undefined> {
    const scripted = this.script({ what, leg, asker: from.host.name })
    if (scripted !== undefined) return scripted
    return this.#world.chance.happens(this.conditions.lost) ? 'lost' : { ms: this.#delay() }
  }

  #isCut(from: Program, to: Program): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(wayOf(from.host, to.host))
  }

  #hang(what: string, from: Program, fail: (why: string) => void): void {
    const reset = (): void => {
      if (this.#hanging.delete(reset)) fail(`${what}: connection reset`)
    }
    this.#hanging.add(reset)
    // Half of all losses are told soon, by a reset; the others are a silence.
    const silent = !this.#healed && this.#world.chance.happens(0.5)
    from.later(silent ? HANG_MS : this.#world.chance.between(1, 200), reset)
  }

  #delay(): number {
    const { chance } = this.#world
    const { slow, slowMs } = this.conditions
    return chance.happens(slow)
      ? chance.between(0, slowMs)
      : chance.between(NORMAL_MS.from, NORMAL_MS.to)
  }
}

interface Back<T> {
  readonly answer: (answer: T) => void
  readonly error: (error: Error) => void
  readonly fail: (why: string) => void
}

/** Who asked twice takes one answer. */
const NOBODY: Back<unknown> = {
  answer: () => undefined,
  error: () => undefined,
  fail: () => undefined,
}

function wayOf(from: Host, to: Host): string {
  return `${from.name}>${to.name}`
}
