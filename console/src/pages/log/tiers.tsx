import { StatusLight } from '@react-spectrum/s2'
import type { Invalidation, TargetProgress } from '../../../../src/contract/invalidation.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { exactDuration } from '../../words.ts'
import styles from './log.module.css'

const STATES = {
  waiting: { word: 'Waiting', tone: 'neutral' },
  running: { word: 'Running', tone: 'informative' },
  done: { word: 'Done', tone: 'positive' },
  failed: { word: 'Failed', tone: 'negative' },
} as const satisfies Record<TargetProgress['state'], { word: string; tone: string }>

interface TierProps {
  readonly name: string
  readonly tier: TargetProgress['tier']
  readonly invalidation: Invalidation
}

/** What the targets of one tier have come to. */
export function Tier({ name, tier, invalidation }: TierProps) {
  const targets = invalidation.targets.filter((target) => target.tier === tier)
  const done = targets.filter(({ state }) => state === 'done').length
  return (
    <div className={styles['tier']}>
      <h3>
        {name}
        <span className={styles['quiet']}>
          {' '}
          {targets.length === 0 ? 'not asked yet' : `${done} of ${targets.length} done`}
        </span>
      </h3>
      {targets.length === 0 ? null : (
        <DataTable
          label={name}
          rows={targets}
          rowKey={(row) => row.id}
          columns={[
            { name: 'Target', cell: (row) => row.id },
            {
              name: 'State',
              narrow: true,
              cell: (row) => (
                <StatusLight size="S" variant={STATES[row.state].tone}>
                  {STATES[row.state].word}
                </StatusLight>
              ),
            },
            {
              name: 'Detail',
              cell: (row) => <span className={styles['detail']}>{row.detail ?? '–'}</span>,
            },
            { name: 'Attempts', narrow: true, cell: (row) => row.attempts },
            { name: 'Took', narrow: true, cell: tookOf },
          ]}
        />
      )}
    </div>
  )
}

function tookOf({ startedAt, finishedAt }: TargetProgress): string {
  if (startedAt === null || finishedAt === null) return '–'
  return exactDuration(Date.parse(finishedAt) - Date.parse(startedAt))
}
