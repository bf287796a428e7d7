import type { Evidence } from '../contract/invalidation.ts'
import type { Observed } from '../store/store.ts'
import type { MemberProgress, PlaceToLook, TargetEvidence } from '../targets/target.ts'
import { SENTENCES } from './errors.ts'
import type { StepPoint } from './parts.ts'
import { placesToLook } from './peek-targets.ts'
import { StepFailure } from './run.ts'
import type { Run } from './run.ts'
import { moved } from './timeline.ts'

/** How often a verdict of `stale` is answered by purging again before it is an error. */
const REPURGES_MAX = 3

/** Carrying out an invalidation: the loop that runs these is in `runner.ts`. Each may begin again after a crash. */
export interface Step {
  readonly name: StepPoint
  run(run: Run): Promise<void>
}

export const STEPS: readonly Step[] = [
  { name: 'prepare', run: prepare },
  { name: 'flush-resizing', run: flushResizing },
  { name: 'flush-cdn', run: flushCdn },
  { name: 'verify', run: verify },
  { name: 'finish', run: finish },
]

/** A scheduled one enters the purge log only now. Our own nodes hear of it by themselves: waiting for them begins here. */
async function prepare(run: Run): Promise<void> {
  if (run.row.seq === null) await run.enterLog()
  run.advance('Preparing')
  beginOwn(run)
}

async function flushResizing(run: Run): Promise<void> {
  run.advance('Flushing resizing servers')
  await run.flushing.tierEnded('resizing')
  refuseFailures(run.flushing.members(), 'resizing')
}

async function flushCdn(run: Run): Promise<void> {
  run.advance('Flushing CDN servers')
  await flushRest(run)
}

async function verify(run: Run): Promise<void> {
  run.advance('Verifying')
  const places = await placesToLook(run.parts.store.tables, run.row)
  let evidence = await verifyAll(run, places)
  for (let again = 0; again < REPURGES_MAX && evidence.verdict === 'stale'; again++) {
    run.parts.log.warn({ invalidation: run.row.id }, 'stale after a purge: purging again')
    await run.enterLog()
    beginOwn(run)
    await flushRest(run)
    evidence = await verifyAll(run, places)
  }
  run.keep({
    evidence: { verdict: evidence.verdict, probes: evidence.probes },
    observed: observed(run, evidence),
  })
  if (evidence.verdict === 'stale') {
    const detail = `After ${REPURGES_MAX} more purges a cache still serves old bytes: see the evidence.`
    throw new StepFailure('ERROR_CDN_NODE', `${SENTENCES.cdn} ${detail}`)
  }
}

async function finish(run: Run): Promise<void> {
  const at = run.now()
  // Who was asked in an earlier attempt and is no node any more has nothing left to show.
  const targets = run.row.targets.filter((target) => target.state !== 'waiting')
  await run.end({ ...moved(run.row, 'Done', at), targets, finishedAt: at })
}

function beginOwn(run: Run): void {
  run.flushing.begin(run.parts.targets.filter((target) => target.begins === 'at-once'))
}

/** Outer caches would refill from nodes that are not flushed yet: they come when all of ours have ended. */
async function flushRest(run: Run): Promise<void> {
  await run.flushing.allEnded()
  run.flushing.begin(run.parts.targets.filter((target) => target.begins === 'after-own-nodes'))
  await run.flushing.allEnded()
  refuseFailures(run.flushing.members(), 'resizing')
  refuseFailures(run.flushing.members(), 'cdn')
}

function refuseFailures(members: readonly MemberProgress[], tier: MemberProgress['tier']): void {
  const failed = members.filter((member) => member.tier === tier && member.state === 'failed')
  if (failed.length === 0) return
  const reasons = failed.map((member) => `${member.id}: ${member.detail ?? 'it failed'}`).join('; ')
  if (tier === 'resizing') throw new StepFailure('ERROR', `A resizing server failed. ${reasons}`)
  throw new StepFailure('ERROR_CDN_NODE', `${SENTENCES.cdn} ${reasons}`)
}

async function verifyAll(run: Run, places: readonly PlaceToLook[]): Promise<TargetEvidence> {
  const purge = { ...run.purge(), places }
  const all = await Promise.all(run.parts.targets.map((target) => target.verify(purge, run.signal)))
  return {
    verdict: worst(all),
    probes: all.flatMap((each) => each.probes),
    peeks: all.flatMap((each) => each.peeks),
  }
}

function worst(all: readonly Evidence[]): Evidence['verdict'] {
  if (all.some((each) => each.verdict === 'stale')) return 'stale'
  return all.some((each) => each.verdict === 'unverifiable') ? 'unverifiable' : 'fresh'
}

function observed(run: Run, evidence: TargetEvidence): Observed {
  return {
    nodes: run.flushing.members().map(({ id, tier, detail }) => ({
      node: id,
      role: tier === 'resizing' ? 'resizer' : 'edge',
      outcome: detail,
    })),
    peeks: evidence.peeks.flatMap(({ node, peeks }) => peeks.map((peek) => ({ ...peek, node }))),
  }
}
