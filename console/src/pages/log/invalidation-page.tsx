import { ActionButton, LinkButton, Text } from '@react-spectrum/s2'
import Share from '@react-spectrum/s2/icons/Share'
import { ToastQueue } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Outcome } from '../../parts/outcome.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { StatusOf } from '../../parts/status.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { estimate, extent, localTime, scopeWord, sourceWord } from '../../words.ts'
import { CopyReport } from './copy-report.tsx'
import { Evidence } from './evidence.tsx'
import { Links } from './see-links.tsx'
import { Tier } from './tiers.tsx'
import { Timeline } from './timeline.tsx'
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
          <LinkButton href={paths.log(here.id)} variant="secondary" size="S">
            Invalidation Log
          </LinkButton>
          {invalidation.data === undefined ? null : <CopyReport id={id} />}
          <ShareButton />
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
    <ActionButton size="S" onPress={() => void share()}>
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
