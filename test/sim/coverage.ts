import type { MarkedCache } from '../../src/cache/marked-cache.ts'
import { ALL_FAULT_KINDS, WRITE_KINDS } from './profile.ts'
import type { World } from './world.ts'

function of(kind: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${kind} ${name}`)
}

/** Faults, and branches of production code by its own metrics and outcomes: a run that met none of one says nothing about it. */
export const TO_MEET: readonly string[] = [
  ...of('fault', ALL_FAULT_KINDS),
  ...of('write', [...WRITE_KINDS, 'packed softly']),
  ...of('message', ['lost', 'repeated', 'cut off', 'refused', 'answered by the dead']),
  'answer cut off',
  'partition one way',
  'commit whose answer is lost',
  ...of('disk', ['body lost', 'body torn', 'state lost', 'state torn']),
  ...of('begins', ['empty', 'with its disk']),
  ...of('starts empty', ['the log does not reach back', 'another log']),
  ...of('keeps', ['stored', 'not-usable', 'older-than-held', 'too-large']),
  ...of('answer', ['200', '206', '304', '404', '422', '504', 'HEAD 200', 'of a cache outside']),
  ...of('outer', ['lying', 'limiting', 'late', 'looked at', 'tried again']),
  ...of('spelling', ['recorded', 'not recorded']),
  ...of('origin', ['looked at', 'kept before']),
  'stand-in',
  ...of('variant', ['avif', 'webp', 'jpeg']),
  ...of('sluice_edge_requests_total', ['hit', 'stale', 'miss', 'revalidated']),
  ...of('sluice_edge_fills_total', ['absent', 'stamp', 'min-mark', 'lifetime', 'lease', 'soft']),
  ...of('sluice_resizer_requests_total', ['hit', 'miss']),
  ...of('sluice_resizer_fills_total', ['absent', 'stamp', 'min-mark', 'lifetime', 'lease']),
  'sluice_resizer_reused_total',
  'sluice_resizer_renders_total',
]

/** The same cache; what becomes of each thing brought to it is counted. */
export function counted<Meta, Body>(
  world: World,
  cache: MarkedCache<Meta, Body>,
): MarkedCache<Meta, Body> {
  const store = cache.store.bind(cache)
  cache.store = (...brought) => {
    const outcome = store(...brought)
    world.meet(`keeps ${outcome}`)
    return outcome
  }
  return cache
}

/** What many runs met, together. */
export class Coverage {
  readonly #met = new Map<string, number>()

  add(met: ReadonlyMap<string, number>): void {
    for (const [name, times] of met) this.#met.set(name, (this.#met.get(name) ?? 0) + times)
  }

  timesOf(name: string): number {
    return this.#met.get(name) ?? 0
  }

  missing(): readonly string[] {
    return TO_MEET.filter((name) => this.timesOf(name) === 0)
  }

  inWords(): string {
    return TO_MEET.map((name) => `${String(this.timesOf(name)).padStart(9)}  ${name}\n`).join('')
  }
}
