import type { Upstream } from '../../src/edge/upstream.ts'
import type { Freshness } from '../../src/cache/freshness.ts'
import { NODE_HEADERS } from '../../src/contract/node-protocol.ts'
import { soundBuild } from './build.ts'
import type { Mutant } from './mutants.ts'
import type { Profile } from './profile.ts'
import type { Script } from './run.ts'
import { ASSETS, REMOTE, URLS } from './scene.ts'
import { SCRIPT_PROFILE } from './scripts.ts'

/** Edges ask after what they hold each second. */
export const ECONOMY_PROFILE: Profile = { ...SCRIPT_PROFILE, lifetimeSeconds: 1 }

const ASSET_URLS = URLS.filter(({ subject }) => subject !== REMOTE)
/** Names, project, asset, presets and the bytes. */
const READS_PER_FILL_MAX = 5
const STEPS = 600
const STEP_MS = 10
/** A related purge each so many steps; an unrelated one at each. */
const RELATED_EVERY = 100
/** Longer than an image server waits for what it is asked for: whoever asks for too much makes it read all again. */
const BEHIND_MS = 200

/**
 * Economy: purges of other things cost the origin nothing. The image server hears of each purge late; edges ask for what they hold as
 * it expires. The origin may be read for what was purged, once for each URL, and for nothing else.
 */
export const unrelatedPurges: Script = async (theatre, safety) => {
  const { world, network, origin, controls } = theatre.stage
  const { chance } = world
  const [control] = controls
  for (const edge of theatre.edges) for (const url of ASSET_URLS) void safety.read(edge, url)
  await world.run(world.now + 500)
  network.script = ({ what, leg, asker }) =>
    asker === 'resizer' && what === 'follow' && leg === 'answer' ? { ms: BEHIND_MS } : undefined
  const before = origin.reads
  let allowed = 0
  for (let step = 1; step <= STEPS; step++) {
    void control!.purgeUnrelated(`elsewhere-${step}`)
    if (step % RELATED_EVERY === 0) {
      const id = chance.pick(ASSETS)
      void control!.invalidate({ assets: [id], renditions: true })
      allowed += READS_PER_FILL_MAX * ASSET_URLS.filter(({ subject }) => subject === id).length
    }
    void safety.read(chance.pick(theatre.edges), chance.pick(ASSET_URLS))
    await world.run(world.now + STEP_MS)
  }
  const reads = origin.reads - before
  world.note('economy', `${reads} origin reads, ${allowed} allowed`)
  if (reads > allowed)
    safety.fail('wasteful', `the origin was read ${reads} times, and ${allowed} would have done`)
}

/** P8: whoever asks inward asks for all that it has applied itself, rather than for what was purged of this. */
function greedy(upstream: Upstream, freshness: Freshness): Upstream {
  return {
    marks: true,
    ask(request, signal) {
      const asked = Number(request.headers[NODE_HEADERS.minMark] ?? '0')
      const minMark = String(Math.max(asked, freshness.applied))
      const headers = { ...request.headers, [NODE_HEADERS.minMark]: minMark }
      return upstream.ask({ ...request, headers }, signal)
    },
  }
}

export const ECONOMY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an edge that asks inward for its own applied instead of what it needs',
    build: { ...soundBuild, upstream: greedy },
    profile: ECONOMY_PROFILE,
    script: unrelatedPurges,
    by: 'wasteful',
  },
]
