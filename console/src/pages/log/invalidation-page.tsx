import { ActionButton, LinkButton, StatusLight, Text } from '@react-spectrum/s2'
import Share from '@react-spectrum/s2/icons/Share'
import { ToastQueue } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type {
  Invalidation,
  TargetProgress,
  TimelineEntry,
} from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Outcome } from '../../parts/outcome.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { StatusOf } from '../../parts/status.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { estimate, exactDuration, extent, localTime, scopeWord, sourceWord } from '../../words.ts'
import { attemptsOf } from './attempts.ts'
import { CopyReport } from './copy-report.tsx'
import { Evidence } from './evidence.tsx'
import { Links } from './see-links.tsx'
import styles from './log.module.css'

/** One invalidation: live while it runs, and the record of it afterwards. Its address can be shared. */
export function InvalidationPage() {
  const here = useProject()
  const { id = '' } = useParams({ strict: false })
  const invalidation = useQuery(queries.invalidation(here.id, id))
  return (
    <Page
      title="Invalidation"
      actions={
        <>
          {invalidation.data === undefined ? null : <CopyReport invalidation={invalidation.data} />}
          <ShareButton />
          <LinkButton href={paths.log(here.id)} variant="secondary">
            Invalidation Log
          </LinkButton>
        </>
      }
    >
      <Loaded query={invalidation} what="the invalidation">
        {(data) => <Details invalidation={data} />}
      </Loaded>
    </Page>
  )
}

async function share(): Promise<void> {
  if (await browser.copy(window.location.href))
    ToastQueue.positive('Address copied', { timeout: 5000 })
  else ToastQueue.negative('The browser did not allow copying. Copy the address by hand.')
}

function ShareButton() {
  return (
    <ActionButton onPress={() => void share()}>
      <Share />
      <Text>Copy the address</Text>
    </ActionButton>
  )
}

function Details({ invalidation }: { readonly invalidation: Invalidation }) {
  return (
    <>
      <Outcome id={invalidation.id} />
      <Section title="What was asked">
        <Facts invalidation={invalidation} />
      </Section>
      <Section title="Targets" intro={`Estimate: ${estimate(invalidation.estimatedSeconds)}.`}>
        <Tier name="Resizing servers" invalidation={invalidation} tier="resizing" />
        <Tier name="CDN servers" invalidation={invalidation} tier="cdn" />
      </Section>
      <Section title="Timeline">
        <Timeline invalidation={invalidation} />
      </Section>
      {invalidation.scope === 'all' ? null : (
        <Section title="Links">
          <Links id={invalidation.id} />
        </Section>
      )}
      <Section title="Evidence">
        <Evidence invalidation={invalidation} />
      </Section>
    </>
  )
}

function Facts({ invalidation }: { readonly invalidation: Invalidation }) {
  const here = useProject()
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ['Status', <StatusOf key="status" status={invalidation.status} />],
    ['Scope', `${scopeWord(invalidation.scope)}, ${extent(invalidation)}`],
    [
      'Source',
      invalidation.cause === null
        ? sourceWord(invalidation.source)
        : `${sourceWord(invalidation.source)}: ${invalidation.cause}`,
    ],
    ['By', invalidation.createdBy],
    ['Date', localTime(invalidation.createdAt)],
    [
      'Old copies are',
      invalidation.mode === 'soft' ? staleWords(invalidation) : 'removed: none is shown again',
    ],
    ...(invalidation.note === null ? [] : [['Note', invalidation.note] as const]),
    [
      'Invalidation ID',
      <span key="id" className={styles['id']}>
        <code>{invalidation.id}</code>
        <CopyButton text={invalidation.id} what="Invalidation ID" />
      </span>,
    ],
    ['Purge log', invalidation.seq === null ? 'Not yet in it' : `seq ${invalidation.seq}`],
    [
      'For an incident review',
      <a
        key="evidence"
        href={api.evidenceAddress(here.id, invalidation.id)}
        target="_blank"
        rel="noreferrer"
      >
        Everything that was observed (JSON)
      </a>,
    ],
  ]
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function staleWords({ evidence }: Invalidation): string {
  const until = evidence?.staleUntil
  const end = until === undefined ? '' : `, until ${localTime(until)} at the latest`
  return `made stale: a cache may show one while it fetches the new one${end}`
}

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

function Tier({ name, tier, invalidation }: TierProps) {
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
            { name: 'Detail', cell: (row) => row.detail ?? '–' },
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

function sinceStart(entries: readonly TimelineEntry[], at: string): string {
  return exactDuration(Date.parse(at) - Date.parse(entries[0]?.at ?? at))
}

/** What happened when; after a Retry, attempt by attempt. */
function Timeline({ invalidation }: { readonly invalidation: Invalidation }) {
  const attempts = attemptsOf(invalidation)
  return attempts.map(({ number, entries, tookMs }) => (
    <div key={number} className={styles['tier']}>
      {attempts.length === 1 ? null : (
        <h3>
          Attempt {number}
          {tookMs === null ? null : (
            <span className={styles['quiet']}> ended after {exactDuration(tookMs)}</span>
          )}
        </h3>
      )}
      <ol className={styles['timeline']}>
        {entries.map((entry, at) => (
          <li key={at}>
            <StatusOf status={entry.status} />
            <time dateTime={entry.at} className={styles['quiet']}>
              {localTime(entry.at)}
              {at === 0 ? null : `, after ${sinceStart(entries, entry.at)}`}
            </time>
          </li>
        ))}
      </ol>
    </div>
  ))
}
