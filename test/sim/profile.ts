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
  /** A cache outside Sluice before the edges, and whether control may look at what it serves. */
  readonly outer: 'none' | 'unseen' | 'looked at'
  readonly databaseSlowMs: number
  /** What each cache may hold: little enough makes evictions, and things that are too large to be kept. */
  readonly cacheBytes: number
  /** The worst of a bad network, as shares of messages. */
  readonly network: { readonly lost: number; readonly repeated: number; readonly slow: number }
  /** Of everything that is delivered; short ones are asked after while a run lasts. */
  readonly lifetimeSeconds: number
  /** How long past it a copy of the remote original may stand in for a failing origin. */
  readonly standInSeconds: number
  /** Another picture is shown where the remote original is missing. */
  readonly showsMissing: boolean
  /** What reading or rendering takes at most while the origin is slow. */
  readonly originSlowMs: number
  readonly writes: Readonly<Record<WriteKind, number>>
  readonly faults: Readonly<Record<FaultKind, number>>
}

export const WRITE_KINDS = [
  'put',
  'remote',
  'move',
  'preset',
  'purgeOnly',
  'soft',
  'packed',
] as const
export type WriteKind = (typeof WRITE_KINDS)[number]

export const FAULT_KINDS = [
  'crashNode',
  'restartNode',
  'crashControl',
  'powerCut',
  'replaceStore',
  'stopNode',
  'stopControl',
  'suspend',
  'naps',
  'cutFromControl',
  'cutInward',
  'badNetwork',
  'slowOrigin',
  'remoteFails',
  'keptBefore',
  'wallJump',
  'trimLog',
  'sweep',
  'fold',
] as const
/** Of a cache outside: it says that it has purged, or that it is asked too much, or nothing for too long. */
const OUTER_FAULT_KINDS = ['outerLies', 'outerLimits', 'outerIsLate'] as const
export type FaultKind = (typeof FAULT_KINDS)[number] | (typeof OUTER_FAULT_KINDS)[number]
export const ALL_FAULT_KINDS: readonly FaultKind[] = [...FAULT_KINDS, ...OUTER_FAULT_KINDS]

const NO_FAULTS = Object.fromEntries(ALL_FAULT_KINDS.map((kind) => [kind, 0])) as Record<
  FaultKind,
  number
>

export const CALM_PROFILE: Profile = {
  readEveryMs: 12,
  writeEveryMs: 250,
  faultEveryMs: Number.POSITIVE_INFINITY,
  leaseMs: 500,
  lastsMs: 4_000,
  controls: 1,
  throughHome: 1,
  automatic: false,
  outer: 'none',
  databaseSlowMs: 0,
  originSlowMs: 200,
  cacheBytes: 16 * 1024 * 1024,
  network: { lost: 0.1, repeated: 0.2, slow: 0.3 },
  lifetimeSeconds: 36_000,
  standInSeconds: 0,
  showsMissing: false,
  writes: { put: 4, remote: 3, move: 2, preset: 1, purgeOnly: 1, soft: 1, packed: 1 },
  faults: NO_FAULTS,
}

export function onlyFaults(faults: Partial<Profile['faults']>): Profile['faults'] {
  return { ...NO_FAULTS, ...faults }
}

/** With a cache outside, only faults whose length a person can state as its fill bound: beyond them Done is evidence, not a proof. */
const OUTER_PROFILE: Profile = {
  ...CALM_PROFILE,
  showsMissing: true,
  outer: 'unseen',
  leaseMs: 300,
  throughHome: 0,
  readEveryMs: 6,
  writeEveryMs: 100,
  faultEveryMs: 150,
  originSlowMs: 1_500,
  network: { lost: 0, repeated: 0.1, slow: 0.6 },
  faults: onlyFaults({ slowOrigin: 3, badNetwork: 2, crashNode: 1 }),
}
const OUTER_SHARE = 0.05

/** It is asked seldom enough that an invalidation meets its moods one by one. */
export const UNRULY_OUTER_PROFILE: Profile = {
  ...OUTER_PROFILE,
  outer: 'looked at',
  writeEveryMs: 200,
  faults: onlyFaults({ slowOrigin: 2, crashNode: 1, outerLies: 4, outerLimits: 2, outerIsLate: 2 }),
}
const UNRULY_OUTER_SHARE = 0.03

/** Its URLs are known to a store that is replaced. */
export const REPLACED_OUTER_PROFILE: Profile = {
  ...OUTER_PROFILE,
  leaseMs: 100,
  faultEveryMs: 500,
  lastsMs: 6_000,
  writes: { ...CALM_PROFILE.writes, soft: 0, packed: 0 },
  faults: onlyFaults({ replaceStore: 1, crashControl: 1, crashNode: 2 }),
}
const REPLACED_OUTER_SHARE = 0.02

/** Stores that are replaced over and over, while much is asked for and slowly answered: numbers of several logs are under way at once. */
export const REPLACED_PROFILE: Profile = {
  ...CALM_PROFILE,
  leaseMs: 100,
  throughHome: 0,
  readEveryMs: 2,
  writeEveryMs: 20,
  faultEveryMs: 250,
  lastsMs: 3_000,
  originSlowMs: 800,
  writes: { ...CALM_PROFILE.writes, remote: 20, soft: 0, packed: 0 },
  faults: onlyFaults({ replaceStore: 1, slowOrigin: 2 }),
}
const REPLACED_SHARE = 0.02

/**
 * Each seed has some kinds of faults and not others, in a measure of its own: what needs several of one kind in a row is not
 * drowned by the rest (Groce and others, "Swarm Testing", 2012).
 */
export function anyProfile(chance: { number(): number }): Profile {
  const from = <T>(choices: readonly T[]): T =>
    choices[Math.floor(chance.number() * choices.length)]!
  const weights = <Kind extends string>(kinds: readonly Kind[], choices: readonly number[]) =>
    Object.fromEntries(kinds.map((kind) => [kind, from(choices)])) as Record<Kind, number>
  if (chance.number() < OUTER_SHARE) return OUTER_PROFILE
  if (chance.number() < UNRULY_OUTER_SHARE) return UNRULY_OUTER_PROFILE
  if (chance.number() < REPLACED_SHARE) return REPLACED_PROFILE
  if (chance.number() < REPLACED_OUTER_SHARE) return REPLACED_OUTER_PROFILE
  // Seldom: it ends what the other faults have begun.
  const faults = onlyFaults({
    ...weights(FAULT_KINDS, [0, 0, 1, 1, 4]),
    replaceStore: from([0, 0, 0, 1]),
  })
  const none = Object.values(faults).every((weight) => weight === 0)
  return {
    readEveryMs: from([6, 12, 25, 50]),
    writeEveryMs: from([60, 150, 300, 600]),
    faultEveryMs: none ? Number.POSITIVE_INFINITY : from([60, 120, 250, 500]),
    leaseMs: from([100, 300, 500, 1_000]),
    lastsMs: from([1_000, 2_000, 3_000]),
    controls: from([1, 1, 2, 3]),
    throughHome: from([0, 1, 2]),
    automatic: from([false, false, true]),
    outer: 'none',
    databaseSlowMs: from([0, 0, 5, 40]),
    originSlowMs: from([50, 200, 800]),
    network: { lost: from([0, 0.1, 0.4]), repeated: from([0, 0.3]), slow: from([0, 0.3, 0.9]) },
    cacheBytes: from([16 * 1024 * 1024, 16 * 1024 * 1024, 8_000, 4_000]),
    lifetimeSeconds: from([1, 2, 36_000]),
    standInSeconds: from([0, 60]),
    showsMissing: from([false, true]),
    writes: { ...weights(WRITE_KINDS, [0, 1, 4]), purgeOnly: from([1, 4]) },
    faults,
  }
}
