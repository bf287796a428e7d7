import { Button, Picker, PickerItem, SearchField, Text } from '@react-spectrum/s2'
import Refresh from '@react-spectrum/s2/icons/Refresh'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { INVALIDATION_STATUSES } from '../../../../src/contract/invalidation.ts'
import { AppLink } from '../../parts/app-link.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import type { ColumnOf } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { CancelButton, RetryButton } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { StatusOf, isError } from '../../parts/status.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useAddressState, useProject } from '../../use-project.ts'
import { doneSentence, localTime, scopeWord, sourceWord } from '../../words.ts'
import { SeeLinks } from './see-links.tsx'
import styles from './log.module.css'

/** Every invalidation of the project, newest first, kept up to date by events. */
export function LogPage() {
  const here = useProject()
  const [status] = useAddressState('status')
  const [scope] = useAddressState('scope')
  const [source] = useAddressState('source')
  const [q] = useAddressState('q')
  const log = useInfiniteQuery(queries.logPages(here.id, { status, scope, source, q }))
  return (
    <Page
      title="Invalidation Log"
      intro="Manual, API, scheduled and automatic invalidations. The list is live."
      actions={
        <Button variant="secondary" isPending={log.isRefetching} onPress={() => void log.refetch()}>
          <Refresh />
          <Text>Refresh</Text>
        </Button>
      }
    >
      <Filters />
      <Loaded query={log} what="the log">
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items)
          if (rows.length === 0) return <NoRows filtered={status + scope + source + q !== ''} />
          return (
            <>
              <DataTable
                label="Invalidations"
                rows={rows}
                rowKey={(row) => row.id}
                columns={columns(here.id, here.project.browserTtlSeconds)}
              />
              {log.hasNextPage ? (
                <Button
                  variant="secondary"
                  isPending={log.isFetchingNextPage}
                  onPress={() => void log.fetchNextPage()}
                >
                  Show more
                </Button>
              ) : null}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function columns(project: string, browserTtlSeconds: number): readonly ColumnOf<Invalidation>[] {
  return [
    {
      name: 'Status',
      cell: (row) => (
        <div className={styles['status']}>
          <StatusOf status={row.status} />
          <span className={styles['quiet']}>{outcomeOf(row, browserTtlSeconds)}</span>
        </div>
      ),
    },
    { name: 'Scope', narrow: true, cell: (row) => scopeWord(row.scope) },
    {
      name: 'Source',
      cell: (row) => (
        <div className={styles['source']}>
          {sourceWord(row.source)}
          {row.cause === null ? null : <span className={styles['quiet']}>{row.cause}</span>}
        </div>
      ),
    },
    { name: 'By', cell: (row) => row.createdBy },
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
    {
      name: 'Actions',
      unnamed: true,
      narrow: true,
      cell: (row) => (
        <span className={styles['actions']}>
          {row.scope === 'all' ? null : <SeeLinks invalidation={row} />}
          {isError(row.status) ? <RetryButton invalidation={row} /> : null}
          {row.status === 'Scheduled' ? <CancelButton invalidation={row} /> : null}
        </span>
      ),
    },
  ]
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
  return row.failure ?? row.note
}

const SOURCES = [
  ['manual', 'Manual'],
  ['api', 'API'],
  ['automatic', 'Automatic'],
  ['scheduled', 'Scheduled'],
] as const

function Filters() {
  const [q, setQ] = useAddressState('q')
  return (
    <div className={styles['filters']}>
      <SearchField
        aria-label="Search the log"
        placeholder="Search ID, note, person or URL"
        value={q}
        onChange={setQ}
      />
      <Choice
        name="status"
        label="Status"
        all="Any status"
        choices={INVALIDATION_STATUSES.map((one) => [one, one] as const)}
      />
      <Choice
        name="scope"
        label="Scope"
        all="Any scope"
        choices={[
          ['original', 'Original'],
          ['all', 'All'],
        ]}
      />
      <Choice name="source" label="Source" all="Any source" choices={SOURCES} />
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly all: string
  readonly choices: readonly (readonly [string, string])[]
}

/** A spectrum picker has no empty key: this one stands for no filter. */
const ANY = 'any'

function Choice({ name, label, all, choices }: ChoiceProps) {
  const [value, setValue] = useAddressState(name)
  return (
    <Picker
      aria-label={label}
      selectedKey={value === '' ? ANY : value}
      onSelectionChange={(key) => setValue(key === ANY ? '' : String(key))}
      items={[[ANY, all] as const, ...choices].map(([id, text]) => ({ id, text }))}
    >
      {(item) => <PickerItem id={item.id}>{item.text}</PickerItem>}
    </Picker>
  )
}

function NoRows({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <Empty title="No invalidation fits.">
        <p>Search for something shorter, or take the filters away.</p>
      </Empty>
    )
  }
  return (
    <Empty title="Nothing was invalidated yet.">
      <p>Replace an asset and press Invalidate now, or open CDN Invalidation.</p>
    </Empty>
  )
}
