import type { SoakReport } from './soak-run.ts'

/** The lines of the table, and the same in words. */
export function figuresOf(report: SoakReport) {
  const { reading, writing, faults, tookMs, seed } = report
  const kinds = [...faults].map(([kind, count]) => `${count} × ${kind}`).join(', ')
  const total = [...faults.values()].reduce((sum, count) => sum + count, 0)
  const none = report.disks ? '' : '; no full disk, for want of the right to mount a small one'
  return [
    {
      what: 'stale answers after Done',
      value: String(reading.stale.length),
      beside: `of ${reading.answers} answers, ${reading.hits} of them from an edge's cache, ${reading.notModified} with status 304; control, image server and 3 edges as processes, ${(tookMs / 60_000).toFixed(1)} min, seed ${seed}`,
    },
    {
      what: 'lost invalidations',
      value: String(writing.lost.length),
      beside: `of ${writing.accepted.length} accepted; ${writing.replaced} pictures replaced; ${writing.retried.length} ended in an error and were retried`,
    },
    { what: 'faults', value: String(total), beside: `${kinds}${none}` },
    {
      what: 'slowest submit to Done',
      value: `${(writing.slowestDoneMs / 1_000).toFixed(1)} s`,
      beside: `faults that last longer than a lease included; clients had ${report.askedAgain} questions to ask control again`,
    },
    {
      what: 'requests without an answer',
      value: String(reading.unavailable),
      beside: 'the edge was killed meanwhile, or could not ask inward and had no lease',
    },
  ]
}

export function inWords(report: SoakReport): string {
  const lines = figuresOf(report).map(({ what, value, beside }) => `${what}: ${value} (${beside})`)
  return [...lines, ...report.failures.map((failure) => `FAILED ${failure}`)].join('\n')
}
