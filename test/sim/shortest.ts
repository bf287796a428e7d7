import type { Report } from './report.ts'

/** A run of the same seed with these steps only. */
export type RunOnly = (only: ReadonlySet<number>) => Promise<Report>

/** Each try is a run of the seed, shorter and shorter: all of them take some seconds. */
const TRIES_MAX = 300

/**
 * The fewest steps that still break the same promise: first the shortest beginning, by halves, then without whatever else can be left
 * out, in pieces that become smaller (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
 */
export async function shortest(failed: Report, run: RunOnly): Promise<Report> {
  const kinds = new Set(failed.violations.map(({ kind }) => kind))
  let best = failed
  let tries = 0
  const fails = async (numbers: readonly number[]): Promise<boolean> => {
    if (tries++ >= TRIES_MAX) return false
    const report = await run(new Set(numbers))
    const same = report.violations.some(({ kind }) => kinds.has(kind))
    if (same) best = report
    return same
  }
  const kept = await shortestBeginning(
    failed.steps.map(({ number }) => number),
    fails,
  )
  await withoutPieces(kept, fails)
  return best
}

type Fails = (numbers: readonly number[]) => Promise<boolean>

async function shortestBeginning(all: readonly number[], fails: Fails): Promise<readonly number[]> {
  let enough = all.length
  let tooFew = -1
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (await fails(all.slice(0, middle))) enough = middle
    else tooFew = middle
  }
  return all.slice(0, enough)
}

/** Leaving one out changes how long messages take, so that another, needed before, may be needless then: over and over. */
async function withoutPieces(all: readonly number[], fails: Fails): Promise<void> {
  let kept = all
  let size = Math.ceil(all.length / 2)
  for (;;) {
    const before = kept.length
    for (let at = kept.length - size; at > -size; at -= size) {
      const rest = [...kept.slice(0, Math.max(0, at)), ...kept.slice(at + size)]
      if (await fails(rest)) kept = rest
    }
    if (size > 1) size = Math.ceil(size / 2)
    else if (kept.length === before) return
  }
}
