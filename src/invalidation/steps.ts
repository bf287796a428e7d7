import type { Evidence } from '../contract/invalidation.ts'
import type { Observed } from '../store/store.ts'
import type { Looked, MemberProgress, Target, TargetEvidence } from '../targets/target.ts'
import { placesToProbe } from './covered-urls.ts'
import { SENTENCES } from './errors.ts'
import type { StepPoint } from './parts.ts'
import { placesToLook } from './peek-targets.ts'
import { StepFailure } from './run.ts'
import type { Run } from './run.ts'
import { staleUntil } from './soft.ts'
import { moved, progressed } from './timeline.ts'

/** How often a verdict of `stale` is answered by purging again before it is an error. */
const REPURGES_MAX = 3
/**
 * Before a cache outside is purged again, twice as long each time: it may need a moment to tell its own machines. Our own nodes need
 * none.
 */
const PURGE_AGAIN_AFTER_MS = 500

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
  await run.readTargets()
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
  try {
    await flushRest(run)
  } catch (error) {
    if (error instanceof StepFailure) await lookAfterFailure(run)
    throw error
  }
}

/** What did end well is looked at all the same, for whoever reads why the rest did not. */
async function lookAfterFailure(run: Run): Promise<void> {
  try {
    keepEvidence(run, await verifyAll(run, await whereToLook(run)))
  } catch (error) {
    run.parts.log.warn({ err: error, invalidation: run.row.id }, 'nothing was looked at')
  }
}

async function verify(run: Run): Promise<void> {
  run.advance('Verifying')
  const looked = await whereToLook(run)
  let found = await verifyAll(run, looked)
  for (let again = 0; again < REPURGES_MAX && staleIn(found).length > 0; again++) {
    run.parts.log.warn({ invalidation: run.row.id }, 'stale after a purge: purging again')
    await purgeAgain(run, staleIn(found), PURGE_AGAIN_AFTER_MS * 2 ** again)
    found = await verifyAll(run, looked)
  }
  keepEvidence(run, found)
  const stale = staleIn(found)
  if (stale.length === 0) return
  const detail = `still stale after ${REPURGES_MAX} more purges`
  const failed = staleMembers(run, stale).map(
    (each) => ({ ...each, state: 'failed', detail }) as const,
  )
  run.keep({ targets: progressed(run.row.targets, failed, run.now()) })
  const named = failed.map(({ id }) => id).join(', ')
  const seen = `After ${REPURGES_MAX} more purges a cache still serves old bytes: see the evidence.`
  throw new StepFailure('ERROR_CDN_NODE', `${SENTENCES.cdn} ${named}: ${seen}`)
}

async function finish(run: Run): Promise<void> {
  const at = run.now()
  // Who was asked in an earlier attempt and is no node any more has nothing left to show.
  const targets = run.row.targets.filter((target) => target.state !== 'waiting')
  const until = await staleUntil(run.parts.store.tables, run.row, at)
  const known = run.row.evidence ?? { verdict: 'fresh', probes: [] }
  const evidence = until === null ? {} : { evidence: { ...known, staleUntil: until } }
  await run.end({ ...moved(run.row, 'Done', at), ...evidence, targets, finishedAt: at })
}

function beginOwn(run: Run): void {
  run.flushing.begin(run.targets.filter((target) => target.begins === 'at-once'))
}

/**
 * Outer caches would refill from nodes that are not flushed yet: they come when all of ours have ended. Those that an earlier
 * attempt purged already are left alone; each outside call's intent is on disk before it is made.
 */
async function flushRest(run: Run): Promise<void> {
  await run.flushing.allEnded()
  refuseFailures(run.flushing.members(), 'resizing')
  refuseFailures(run.flushing.members(), 'cdn')
  const done = new Set(run.row.targets.filter(({ state }) => state === 'done').map(({ id }) => id))
  const outer = run.targets.filter(
    (each) => each.begins === 'after-own-nodes' && !done.has(each.id),
  )
  if (outer.length > 0) {
    await run.intend(outer.map(({ id }) => id))
    run.flushing.begin(outer)
    await run.flushing.allEnded()
  }
  refuseFailures(run.flushing.members(), 'cdn')
}

/** What an outer cache got from a stale node of ours is as old, so that then everything goes again; else only what is stale. */
async function purgeAgain(run: Run, stale: readonly Verified[], waitMs: number): Promise<void> {
  if (stale.some(({ target }) => target.begins === 'at-once')) {
    await run.enterLog()
    beginOwn(run)
    return flushRest(run)
  }
  const outer = stale.map(({ target }) => target)
  await run.parts.timers.sleep(waitMs, run.signal)
  await run.intend(outer.map(({ id }) => id))
  run.flushing.begin(outer)
  await run.flushing.allEnded()
  refuseFailures(run.flushing.members(), 'cdn')
}

function refuseFailures(members: readonly MemberProgress[], tier: MemberProgress['tier']): void {
  const failed = members.filter((member) => member.tier === tier && member.state === 'failed')
  if (failed.length === 0) return
  const reasons = failed.map((member) => `${member.id}: ${member.detail ?? 'it failed'}`).join('; ')
  if (tier === 'resizing') throw new StepFailure('ERROR', `A resizing server failed. ${reasons}`)
  throw new StepFailure('ERROR_CDN_NODE', `${SENTENCES.cdn} ${reasons}`)
}

interface Verified {
  readonly target: Target
  readonly evidence: TargetEvidence
}

async function whereToLook(run: Run): Promise<Looked> {
  const { tables } = run.parts.store
  const places = await placesToLook(tables, run.row)
  const outer = run.targets.some((target) => target.begins === 'after-own-nodes')
  if (!outer) return { places }
  return { places, probes: await placesToProbe({ tables, timers: run.parts.timers }, run.row) }
}

function verifyAll(run: Run, looked: Looked): Promise<readonly Verified[]> {
  const purge = { ...run.purge(), ...looked }
  const ended = run.flushing.members().filter(({ state }) => state === 'failed')
  const failed = new Set(ended.map(({ id }) => id))
  return Promise.all(
    run.targets.map(async (target) => ({
      target,
      evidence: failed.has(target.id)
        ? notLookedAt(target)
        : await target.verify(purge, run.signal),
    })),
  )
}

function notLookedAt({ id }: Target): TargetEvidence {
  const notes = [`${id}: its purge failed, so nobody looked at what it serves.`]
  return { verdict: 'unverifiable', probes: [], peeks: [], notes }
}

function keepEvidence(run: Run, found: readonly Verified[]): void {
  const evidence = together(found)
  const { verdict, probes, notes } = evidence
  run.keep({
    evidence: { verdict, probes, ...(notes ? { notes } : {}) },
    observed: observed(run, evidence),
  })
}

function staleIn(found: readonly Verified[]): readonly Verified[] {
  return found.filter(({ evidence }) => evidence.verdict === 'stale')
}

/** As the log names them: an outer target is its own member, our nodes are those that still hold something old. */
function staleMembers(run: Run, stale: readonly Verified[]): readonly MemberProgress[] {
  const { seq } = run.purge()
  const old = stale.flatMap(({ target, evidence }) => [
    target.id,
    ...evidence.peeks
      .filter(({ peeks }) =>
        peeks.some((peek) => peek.state === 'usable' && (peek.mark ?? 0) < seq),
      )
      .map(({ node }) => node),
  ])
  return run.flushing.members().filter(({ id }) => old.includes(id))
}

function together(found: readonly Verified[]): TargetEvidence {
  const all = found.map(({ evidence }) => evidence)
  const notes = all.flatMap((each) => each.notes ?? [])
  return {
    verdict: worst(all),
    probes: all.flatMap((each) => each.probes),
    peeks: all.flatMap((each) => each.peeks),
    ...(notes.length > 0 ? { notes } : {}),
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
