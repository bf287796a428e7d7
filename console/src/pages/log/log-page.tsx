import { Button, Text } from '@react-spectrum/s2'
import Refresh from '@react-spectrum/s2/icons/Refresh'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { AppLink } from '../../parts/app-link.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import type { ColumnOf } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { CancelButton, RetryButton } from '../../parts/outcome.tsx'
import { Page, Row } from '../../parts/page.tsx'
import { StatusOf, isError } from '../../parts/status.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import {
  doneSentence,
  duration,
  localTime,
  runSeconds,
  scopeWord,
  sourceWord,
  timeZone,
} from '../../words.ts'
import { CopyReport } from './copy-report.tsx'
import { LogExport } from './log-export.tsx'
import { ClearFilters, LogFilters, isFiltered, useLogSearch } from './log-filters.tsx'
import { SeeLinks } from './see-links.tsx'
import { useSettled } from '../invalidation/use-preview.ts'
import styles from './log.module.css'

/** Every invalidation of the project, newest first, kept up to date by events. */
export function LogPage() {
  const here = useProject()
  const search = useLogSearch()
  const q = useSettled(search.q)
  const log = useInfiniteQuery(queries.logPages(here.id, { ...search, q }))
  return (
    <Page
      title="Invalidation Log"
      intro={`Manual, API, scheduled and automatic invalidations. The list is live. Times are those of your time zone, ${timeZone()}.`}
      actions={
        <>
          <LogExport search={search} />
          <Button
            variant="secondary"
            isPending={log.isRefetching}
            onPress={() => void log.refetch()}
          >
            <Refresh />
            <Text>Refresh</Text>
          </Button>
        </>
      }
    >
      <LogFilters />
      <Loaded query={log} what="the log">
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items)
          if (rows.length === 0 && !log.hasNextPage) return <NoRows filtered={isFiltered(search)} />
          return (
            <>
              <DataTable
                label="Invalidations"
                rows={rows}
                rowKey={(row) => row.id}
                stackBelow={STACK_BELOW}
                columns={columns(here.id, here.project.browserTtlSeconds)}
              />
              {log.hasNextPage ? (
                <More
                  isPartial={pages.at(-1)?.partial === true}
                  isPending={log.isFetchingNextPage}
                  onMore={() => void log.fetchNextPage()}
                />
              ) : null}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

interface MoreProps {
  /** The search ended before the log did. */
  readonly isPartial: boolean
  readonly isPending: boolean
  readonly onMore: () => void
}

function More({ isPartial, isPending, onMore }: MoreProps) {
  return (
    <Row>
      <Button variant="secondary" isPending={isPending} onPress={onMore}>
        {isPartial ? 'Search older entries' : 'Show more'}
      </Button>
      {isPartial ? (
        <p className={styles['quiet']}>The log is long: older entries were not searched yet.</p>
      ) : null}
    </Row>
  )
}

/** Eight columns, of which one holds sentences. */
const STACK_BELOW = 1280

function columns(project: string, browserTtlSeconds: number): readonly ColumnOf<Invalidation>[] {
  return [
    {
      name: 'Status',
      cell: (row) => (
        <div className={styles['status']}>
          <StatusOf status={row.status} />
          <span className={styles['quiet']}>{outcomeOf(row, browserTtlSeconds)}</span>
          {row.note === null ? null : <span className={styles['quiet']}>Note: {row.note}</span>}
          <Actions row={row} />
        </div>
      ),
    },
    { name: 'Scope', narrow: true, cell: (row) => scopeWord(row.scope) },
    {
      name: 'Source, by',
      cell: (row) => (
        <div className={styles['source']}>
          <span>{sourceWord(row.source)}</span>
          <span className={styles['quiet']}>{row.createdBy}</span>
          {row.cause === null ? null : <span className={styles['quiet']}>{row.cause}</span>}
        </div>
      ),
    },
    { name: 'Links', narrow: true, cell: (row) => <SeeLinks invalidation={row} /> },
    { name: 'Targets', narrow: true, cell: targetsOf },
    { name: 'Duration', narrow: true, cell: durationOf },
    { name: 'Date', cell: (row) => <DateAndTime at={row.createdAt} /> },
    {
      name: 'Invalidation ID',
      cell: (row) => (
        <span className={styles['id']}>
          <AppLink href={paths.invalidation(project, row.id)}>
            <code>{row.id}</code>
          </AppLink>
          <CopyButton text={row.id} what="Invalidation ID" />
        </span>
      ),
    },
  ]
}

/** Who may not do a thing is told so on the invalidation's own page: in every row it would be all that one reads. */
function Actions({ row }: { readonly row: Invalidation }) {
  const may = useProject().can('editor')
  if (row.status === 'Scheduled') return may ? <CancelButton invalidation={row} /> : null
  if (!isError(row.status)) return null
  return (
    <span className={styles['actions']}>
      {may ? <RetryButton invalidation={row} /> : null}
      <CopyReport id={row.id} />
    </span>
  )
}

/** How many of the asked are done. */
function targetsOf({ targets }: Invalidation): string {
  if (targets.length === 0) return '–'
  return `${targets.filter(({ state }) => state === 'done').length} of ${targets.length}`
}

function durationOf(row: Invalidation): string {
  const seconds = runSeconds(row)
  return seconds === null ? '–' : duration(seconds)
}

/** On two lines, neither of which breaks. */
function DateAndTime({ at }: { readonly at: string }) {
  const [date = '', time = ''] = localTime(at).split(', ')
  return (
    <time dateTime={at} className={styles['date']}>
      <span>{date},</span> <span>{time}</span>
    </time>
  )
}

function outcomeOf(row: Invalidation, browserTtlSeconds: number): string | null {
  if (row.status === 'Done') return doneSentence(row, browserTtlSeconds)
  return row.failure
}

function NoRows({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <Empty title="No invalidation fits.">
        <p>Search for something shorter, or take the filters away.</p>
        <ClearFilters />
      </Empty>
    )
  }
  return (
    <Empty title="Nothing was invalidated yet.">
      <p>Replace an asset and press Invalidate now, or open CDN Invalidation.</p>
    </Empty>
  )
}
