/** What happens in a run, and how often: weights beside each other, rates in milliseconds between two. */
export interface Profile {
  readonly readEveryMs: number
  readonly writeEveryMs: number
  readonly faultEveryMs: number
  readonly leaseMs: number
  readonly lastsMs: number
  readonly controls: number
  /** Edges that ask through a home edge: none, one or both. */
  readonly throughHome: 0 | 1 | 2
  readonly automatic: boolean
  readonly databaseSlowMs: number
  /** What reading or rendering takes at most while the origin is slow. */
  readonly originSlowMs: number
  readonly writes: Readonly<Record<WriteKind, number>>
  readonly faults: Readonly<Record<FaultKind, number>>
}

export const WRITE_KINDS = ['put', 'remote', 'move', 'preset', 'purgeOnly'] as const
export type WriteKind = (typeof WRITE_KINDS)[number]

export const FAULT_KINDS = [
  'crashNode',
  'crashControl',
  'stopNode',
  'stopControl',
  'suspend',
  'naps',
  'cutFromControl',
  'cutInward',
  'badNetwork',
  'slowOrigin',
  'wallJump',
  'sweep',
  'fold',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

const NO_FAULTS: Record<FaultKind, number> = {
  crashNode: 0,
  crashControl: 0,
  stopNode: 0,
  stopControl: 0,
  suspend: 0,
  naps: 0,
  cutFromControl: 0,
  cutInward: 0,
  badNetwork: 0,
  slowOrigin: 0,
  wallJump: 0,
  sweep: 0,
  fold: 0,
}

export const CALM_PROFILE: Profile = {
  readEveryMs: 12,
  writeEveryMs: 250,
  faultEveryMs: Number.POSITIVE_INFINITY,
  leaseMs: 500,
  lastsMs: 4_000,
  controls: 1,
  throughHome: 1,
  automatic: false,
  databaseSlowMs: 0,
  originSlowMs: 200,
  writes: { put: 4, remote: 3, move: 2, preset: 1, purgeOnly: 1 },
  faults: NO_FAULTS,
}

export function onlyFaults(faults: Partial<Profile['faults']>): Profile['faults'] {
  return { ...NO_FAULTS, ...faults }
}

/** Every fault, in a measure that differs from seed to seed. */
export function anyProfile(chance: { number(): number }): Profile {
  const from = <T>(choices: readonly T[]): T =>
    choices[Math.floor(chance.number() * choices.length)]!
  return {
    ...CALM_PROFILE,
    readEveryMs: from([8, 15, 30]),
    writeEveryMs: from([150, 300, 600]),
    faultEveryMs: from([120, 250, 500]),
    leaseMs: from([300, 500, 1_000]),
    controls: from([1, 1, 2]),
    throughHome: from([0, 1, 2]),
    automatic: from([false, false, true]),
    databaseSlowMs: from([0, 0, 5]),
    faults: {
      crashNode: 3,
      crashControl: 2,
      stopNode: 2,
      stopControl: 1,
      ...from([
        { suspend: 1, naps: 1 },
        { suspend: 0, naps: 0 },
      ]),
      cutFromControl: 4,
      cutInward: 1,
      badNetwork: 2,
      slowOrigin: 2,
      wallJump: 1,
      sweep: 2,
      fold: 1,
    },
  }
}
