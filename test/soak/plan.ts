import { Chance } from '../sim/chance.ts'

/** What is done to whom, and when: the whole of it follows from one seed. */

export const NODES = ['control', 'resizer', 'e1', 'e2', 'e3'] as const
export type NodeName = (typeof NODES)[number]
export const EDGES = ['e1', 'e2', 'e3'] as const satisfies readonly NodeName[]

/** Who asks over a link, and whom. */
export const LINKS = [
  'resizer>control',
  'e1>control',
  'e2>control',
  'e3>control',
  'e1>resizer',
  'e2>resizer',
  'e3>resizer',
] as const
export type LinkName = (typeof LINKS)[number]

export const DISKS = ['control', 'resizer'] as const
export type DiskName = (typeof DISKS)[number]

export type FaultKind = 'kill' | 'stop' | 'delay' | 'drop' | 'cut' | 'full disk'

interface Timed {
  readonly atMs: number
  readonly forMs: number
}

/** Which way a link swallows what is sent. */
export type Way = 'there' | 'back' | 'both'

/** Every connection of a link, or each second one: what follows the log and what renews a lease may not share their luck. */
export type Which = 'all' | 'odd' | 'even'

export type Fault = Timed &
  (
    | { readonly kind: 'kill' | 'stop'; readonly node: NodeName }
    | {
        readonly kind: 'delay'
        readonly link: LinkName
        readonly delayMs: number
        readonly which: Which
      }
    | { readonly kind: 'drop'; readonly link: LinkName; readonly way: Way; readonly which: Which }
    | { readonly kind: 'cut'; readonly link: LinkName }
    | { readonly kind: 'full disk'; readonly disk: DiskName }
  )

export interface PlanOptions {
  readonly seed: number
  readonly totalMs: number
  readonly leaseMs: number
  /** False where nobody may mount a small disk. */
  readonly disks: boolean
}

/** Between the end of a fault and the next of the same lane: short enough for faults to meet, long enough for caches to fill. */
const QUIET_MS = { from: 100, to: 1_500 } as const
/** Everything is whole for so long before the end is looked at. */
const LAST_FAULT_BEFORE_END_MS = 1_500

/** Two lanes, so that something may happen to a link while something happens to a process, but nothing twice to one of them. */
export function planFaults({ seed, totalMs, leaseMs, disks }: PlanOptions): readonly Fault[] {
  const untilMs = totalMs - LAST_FAULT_BEFORE_END_MS
  const processes = lane(new Chance(seed, 1), untilMs, (chance, when) =>
    processFault(chance, when, leaseMs),
  )
  const others = lane(new Chance(seed, 2), untilMs, (chance, when) =>
    placeFault(chance, when, leaseMs, disks),
  )
  return [...processes, ...others].toSorted((one, other) => one.atMs - other.atMs)
}

function lane(
  chance: Chance,
  untilMs: number,
  faultAt: (chance: Chance, atMs: number) => Fault,
): readonly Fault[] {
  const faults: Fault[] = []
  for (let atMs = 0; ;) {
    const fault = faultAt(chance, Math.round(atMs + chance.between(QUIET_MS.from, QUIET_MS.to)))
    atMs = fault.atMs + fault.forMs
    if (atMs > untilMs) return faults
    faults.push(fault)
  }
}

function processFault(chance: Chance, atMs: number, leaseMs: number): Fault {
  const node = chance.pick(NODES)
  const kind = chance.weighed({ kill: 1, stop: 1 })
  // Around the end of a lease, and far beyond it: a pause that is over before it, at it and after it.
  const forMs = kind === 'kill' ? chance.between(0, leaseMs) : chance.between(0.2, 2.5) * leaseMs
  return { kind, node, atMs, forMs: Math.round(forMs) }
}

function placeFault(chance: Chance, atMs: number, leaseMs: number, disks: boolean): Fault {
  const kind = chance.weighed({ delay: 3, drop: 3, cut: 2, 'full disk': disks ? 3 : 0 })
  const forMs = Math.round(chance.between(0.2, 3) * leaseMs)
  const timed = { atMs, forMs }
  const link = chance.pick(LINKS)
  const which = chance.weighed({ all: 2, odd: 1, even: 1 })
  switch (kind) {
    case 'delay':
      return { kind, link, which, ...timed, delayMs: Math.round(chance.between(0.02, 3) * leaseMs) }
    case 'drop':
      return { kind, link, which, ...timed, way: chance.pick(['there', 'back', 'both']) }
    case 'cut':
      return { kind, link, ...timed }
    case 'full disk':
      return { kind, disk: chance.pick(DISKS), ...timed }
  }
}

export function faultInWords(fault: Fault): string {
  const span = `${fault.atMs} ms, for ${fault.forMs} ms`
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return `${fault.kind} ${fault.node} at ${span}`
    case 'delay':
      return `delay ${fault.link} (${fault.which}) by ${fault.delayMs} ms at ${span}`
    case 'drop':
      return `drop ${fault.link} (${fault.way}, ${fault.which}) at ${span}`
    case 'cut':
      return `cut ${fault.link} at ${span}`
    case 'full disk':
      return `full disk of ${fault.disk} at ${span}`
  }
}
