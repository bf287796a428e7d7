import { Button } from '@react-spectrum/s2'
import { useState } from 'react'
import { isFinal } from '../../../../src/contract/invalidation.ts'
import type { Invalidation, Probe } from '../../../../src/contract/invalidation.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { localTime } from '../../words.ts'
import styles from './log.module.css'

const VERDICTS = {
  fresh: 'Fresh: everything that was looked at is newer than this invalidation.',
  stale: 'Stale: at least one cache still answered with older bytes.',
  unverifiable: 'Unverifiable: at least one cache could not be vouched for; see why below.',
} as const

/** What our own nodes answer to a peek; others answer with a `Cache-Status`. */
const STATES: Readonly<Record<string, string>> = {
  absent: 'holds no copy',
  unusable: 'holds an older copy, never served again',
  usable: 'holds a fresh copy',
}

function stateOf(cacheStatus: string | null): string {
  return cacheStatus === null ? '–' : (STATES[cacheStatus] ?? cacheStatus)
}

type Row = Omit<Probe, 'at'> & { readonly at: string; readonly time: string }

/** Rows at first: more are the same for further URLs. */
const SHOWN_FIRST = 40

/** What was observed after the purge. */
export function Evidence({ invalidation }: { readonly invalidation: Invalidation }) {
  const { evidence } = invalidation
  const [isWhole, setWhole] = useState(false)
  if (evidence === null) {
    return (
      <p>
        {isFinal(invalidation.status)
          ? 'None: it ended before the caches were looked at.'
          : 'Collected when the targets are done.'}
      </p>
    )
  }
  return (
    <>
      <p>{VERDICTS[evidence.verdict]}</p>
      {evidence.notes === undefined || evidence.notes.length === 0 ? null : (
        <ul className={styles['notes']}>
          {evidence.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {evidence.probes.length === 0 ? null : (
        <DataTable
          label="Evidence"
          rows={evidence.probes
            .slice(0, isWhole ? undefined : SHOWN_FIRST)
            .map((probe, at) => ({ ...probe, at: String(at), time: probe.at }))}
          rowKey={(row) => row.at}
          columns={[
            { name: 'URL', cell: (row) => <code>{row.url}</code> },
            { name: 'Seen at', cell: (row) => row.via },
            { name: 'Mark', narrow: true, cell: (row) => row.mark ?? '–' },
            { name: 'Cache', cell: (row) => stateOf(row.cacheStatus) },
            ...(evidence.probes.some(({ detail }) => detail !== undefined)
              ? [{ name: 'Judged by', cell: (row: Row) => row.detail ?? 'its mark' }]
              : []),
            { name: 'Date', narrow: true, cell: (row) => localTime(row.time) },
          ]}
        />
      )}
      {isWhole || evidence.probes.length <= SHOWN_FIRST ? null : (
        <Button variant="secondary" size="S" onPress={() => setWhole(true)}>
          {`Show all ${evidence.probes.length}`}
        </Button>
      )}
    </>
  )
}
