import { LinkButton, ProgressBar } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Invalidation, TargetProgress } from '../../../src/contract/invalidation.ts'
import { api } from '../api.ts'
import { browser } from '../browser.ts'
import { paths } from '../paths.ts'
import { queries, tellInvalidation } from '../queries.ts'
import { roleReason, useProject } from '../use-project.ts'
import { doneSentence, localTime, remainingWords, shortList } from '../words.ts'
import { Notice } from './notice.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { ReasonedButton } from './reasoned-button.tsx'
import { isError } from './status.tsx'
import styles from './outcome.module.css'

interface OutcomeProps {
  readonly id: string
  /** Adds a link to the invalidation's own page. */
  readonly linked?: boolean
  /** Named where several outcomes are shown. */
  readonly asset?: string
}

/** Of several caches that nobody can vouch for; all of them are in the evidence. */
const NOTES_SHOWN = 3

/** How far one invalidation is, and on Done what that means for visitors. Used wherever one is shown. */
export function Outcome({ id, linked = false, asset }: OutcomeProps) {
  const here = useProject()
  const { data, error } = useQuery(queries.invalidation(here.id, id))
  if (data === undefined) return <ProblemAlert error={error} />
  const details = linked ? (
    <LinkButton href={paths.invalidation(here.id, id)} variant="secondary" size="S">
      See what was done
    </LinkButton>
  ) : null
  if (data.status === 'Done') {
    const { verdict, notes = [] } = data.evidence ?? {}
    return (
      <Notice
        tone={verdict === 'unverifiable' ? 'caution' : 'good'}
        title={doneSentence(data, here.project.browserTtlSeconds)}
        actions={details}
        announce
      >
        {asset === undefined ? null : <p>{asset}</p>}
        {verdict === 'unverifiable'
          ? notes.slice(0, NOTES_SHOWN).map((note) => <p key={note}>{note}</p>)
          : null}
      </Notice>
    )
  }
  if (isError(data.status)) return <Failure invalidation={data} details={details} />
  if (data.status === 'Cancelled') {
    return <Notice tone="info" title="Cancelled. Nothing was invalidated." actions={details} />
  }
  if (data.status === 'Scheduled') {
    return (
      <Notice
        tone="info"
        title={`Scheduled for ${localTime(data.scheduledAt)}`}
        actions={<CancelButton invalidation={data} />}
      >
        <p>Until then nothing is invalidated, and you can still cancel it.</p>
      </Notice>
    )
  }
  return <Running invalidation={data} />
}

function Running({ invalidation }: { readonly invalidation: Invalidation }) {
  const { status, targets } = invalidation
  const done = targets.filter(({ state }) => state === 'done').length
  return (
    <Notice tone="info" title={`${status}…`} announce>
      <Remaining invalidation={invalidation} />
      {targets.length === 0 ? null : (
        <ul className={styles['tiers']}>
          <TierLine name="Resizing servers" invalidation={invalidation} tier="resizing" />
          <TierLine name="CDN servers" invalidation={invalidation} tier="cdn" />
        </ul>
      )}
      <ProgressBar
        aria-label="Targets that are done"
        value={targets.length === 0 ? 0 : (done / targets.length) * 100}
        UNSAFE_style={{ width: '100%' }}
      />
    </Notice>
  )
}

/** Often enough that seconds are seen to pass. */
const TICK_MS = 250

/** The estimate as it shrinks. Not spoken: a screen reader would do nothing else. */
function Remaining({ invalidation }: { readonly invalidation: Invalidation }) {
  const [nowMs, setNowMs] = useState(() => browser.nowMs())
  useEffect(() => browser.every(TICK_MS, () => setNowMs(browser.nowMs())), [])
  return <p aria-live="off">{remainingWords(invalidation, nowMs)}</p>
}

interface TierLineProps {
  readonly name: string
  readonly tier: TargetProgress['tier']
  readonly invalidation: Invalidation
}

function TierLine({ name, tier, invalidation }: TierLineProps) {
  const targets = invalidation.targets.filter((target) => target.tier === tier)
  if (targets.length === 0) return null
  const waiting = targets.filter(({ state }) => state !== 'done').map(({ id }) => id)
  const done = `${targets.length - waiting.length} of ${targets.length} done`
  return (
    <li>
      {name}: {done}
      {waiting.length === 0 ? '' : `, waiting for ${shortList(waiting)}`}
    </li>
  )
}

interface FailureProps {
  readonly invalidation: Invalidation
  readonly details: React.ReactNode
}

function Failure({ invalidation, details }: FailureProps) {
  const here = useProject()
  const { supportUrl } = here.project
  return (
    <Notice
      tone="bad"
      announce
      title={invalidation.status === 'ERROR_CDN_NODE' ? CDN_FAILED : 'The invalidation failed.'}
      actions={
        <>
          <RetryButton invalidation={invalidation} />
          {details}
        </>
      }
    >
      {invalidation.failure === null ? null : <p>{reasonOf(invalidation.failure)}</p>}
      <p>
        Retry asks again what has failed, for the same list.
        {supportUrl === null ? null : (
          <>
            {' '}
            If it fails again, <a href={supportUrl}>contact support</a> and give the invalidation
            ID.
          </>
        )}
      </p>
    </Notice>
  )
}

const CDN_FAILED = 'Failed to invalidate CDN cache.'

/** Without the sentence that the title says already. */
function reasonOf(failure: string): string {
  return failure.startsWith(`${CDN_FAILED} `) ? failure.slice(CDN_FAILED.length + 1) : failure
}

export function RetryButton({ invalidation }: { readonly invalidation: Invalidation }) {
  const here = useProject()
  const retry = useMutation({
    mutationFn: () => api.retry(here.id, invalidation.id),
    onSuccess: (answer) => tellInvalidation(here.id, answer),
  })
  return (
    <>
      <ReasonedButton
        variant="secondary"
        size="S"
        aria-label={`Retry invalidation ${invalidation.id}`}
        reason={roleReason(here, 'editor')}
        isPending={retry.isPending}
        onPress={() => retry.mutate()}
      >
        Retry
      </ReasonedButton>
      <ProblemAlert error={retry.error} />
    </>
  )
}

export function CancelButton({ invalidation }: { readonly invalidation: Invalidation }) {
  const here = useProject()
  const cancel = useMutation({
    mutationFn: () => api.cancel(here.id, invalidation.id),
    onSuccess: (answer) => tellInvalidation(here.id, answer),
  })
  return (
    <>
      <ReasonedButton
        variant="secondary"
        size="S"
        aria-label={`Cancel invalidation ${invalidation.id}`}
        reason={roleReason(here, 'editor')}
        isPending={cancel.isPending}
        onPress={() => cancel.mutate()}
      >
        Cancel
      </ReasonedButton>
      <ProblemAlert error={cancel.error} />
    </>
  )
}
