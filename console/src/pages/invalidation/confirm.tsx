import { Button, Radio, RadioGroup, TextField } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { Preview, SubmitBody } from '../../../../src/contract/api/invalidations.ts'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { Loaded } from '../../parts/loading.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { ApiProblem } from '../../problem.ts'
import { queryClient, tellInvalidation } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { ConfirmList } from './confirm-list.tsx'
import { selectionOf } from './draft.ts'
import type { Draft, Tab } from './draft.ts'
import type { DraftProps } from './invalidate-page.tsx'
import { Plan } from './plan.tsx'
import { previewOf, usePreview } from './use-preview.ts'
import styles from './invalidation.module.css'

interface ConfirmProps extends DraftProps {
  readonly tab: Tab
  readonly onBack: () => void
}

/** The list of what will go. Submit is always possible; what cannot be done is told then, with its reason. */
export function Confirm({ draft, onChange, tab, onBack }: ConfirmProps) {
  const here = useProject()
  const preview = usePreview(here.id, selectionOf(draft, tab))
  const { data, isPlaceholderData } = preview
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const submit = useSubmit({
    draft,
    tab,
    preview: data,
    isForming: isPlaceholderData,
    onStale: () => void preview.refetch(),
  })
  return (
    <Stack>
      <section className={styles['confirm']} aria-labelledby="confirm-heading">
        <h2 id="confirm-heading" ref={heading} tabIndex={-1} className={styles['confirmTitle']}>
          Confirm
        </h2>
        <Loaded query={preview} what="the list">
          {(list) => (
            <div className={styles['list']} aria-busy={isPlaceholderData}>
              <Plan preview={list} tab={tab} draft={draft} onChange={onChange} />
              <ConfirmList preview={list} draft={draft} tab={tab} onChange={onChange} />
            </div>
          )}
        </Loaded>
      </section>
      <Section title="Old copies, note and time">
        <OldCopiesChoice draft={draft} onChange={onChange} />
        <NoteAndTime draft={draft} onChange={onChange} />
      </Section>
      <ProblemAlert error={submit.error} itemsMax={isTold(submit.error, data) ? 0 : undefined} />
      <div className={styles['next']}>
        <Button variant="secondary" onPress={onBack}>
          Back
        </Button>
        <ReasonedButton
          variant="accent"
          reason={mayReason(here, tab === 'everything' ? 'everything' : 'invalidate')}
          isPending={submit.isPending}
          onPress={() => submit.mutate()}
        >
          Submit
        </ReasonedButton>
      </div>
    </Stack>
  )
}

/** The list itself already marks each row that is refused. */
function isTold(error: unknown, preview: Preview | undefined): boolean {
  return error instanceof ApiProblem && error.code === preview?.refusal?.code
}

interface SubmitParts {
  readonly draft: Draft
  readonly tab: Tab
  readonly preview: Preview | undefined
  /** The draft was changed a moment ago: what is shown is still the list before. */
  readonly isForming: boolean
  /** The list is another one by now. */
  readonly onStale: () => void
}

function useSubmit({ draft, tab, preview, isForming, onStale }: SubmitParts) {
  const here = useProject()
  const router = useRouter()
  // Kept over repeats: pressing Submit again after a lost answer must not invalidate twice.
  const [idempotencyKey, setIdempotencyKey] = useState(() => browser.id())
  return useMutation({
    mutationFn: async () => {
      const seen = preview
      const now = isForming
        ? await queryClient.fetchQuery(previewOf(here.id, selectionOf(draft, tab)))
        : seen
      if (seen !== undefined && now !== undefined) refuseUnseen(seen, now)
      return api.submit(here.id, bodyOf(draft, tab, now?.digest), idempotencyKey)
    },
    onSuccess: (invalidation) => {
      tellInvalidation(here.id, invalidation)
      // The draft is sent, so leaving it asks nothing.
      router.history.push(paths.invalidation(here.id, invalidation.id), undefined, {
        ignoreBlocker: true,
      })
    },
    onError: (error) => {
      // Refused: the next attempt may be another list, which the old key would not fit.
      if (error instanceof ApiProblem) setIdempotencyKey(browser.id())
      if (error instanceof ApiProblem && error.code === 'preview-changed') onStale()
    },
  })
}

/** What was taken out may be missing; what nobody has seen is not sent. */
function refuseUnseen(seen: Preview, now: Preview): void {
  const known = new Set(seen.urls.map(({ url }) => url))
  const added = now.urls.flatMap(({ url }) => (known.has(url) ? [] : [url]))
  if (added.length === 0) return
  throw new ApiProblem(409, {
    code: 'preview-changed',
    title: 'The list has changed since the preview.',
    detail: 'Nothing was purged: look at it again.',
    difference: { added, removed: [] },
  })
}

function bodyOf(draft: Draft, tab: Tab, digest: string | undefined): SubmitBody {
  return {
    ...selectionOf(draft, tab),
    ...(digest === undefined ? {} : { digest }),
    ...(tab === 'everything' ? { confirm: draft.confirm } : {}),
    ...(draft.mode === 'soft' ? { mode: 'soft' as const } : {}),
    ...(draft.note.trim() === '' ? {} : { note: draft.note.trim() }),
    ...(draft.scheduleAt === '' ? {} : { scheduleAt: new Date(draft.scheduleAt).toISOString() }),
  }
}

/** Soft or delete, in words. */
function OldCopiesChoice({ draft, onChange }: Pick<DraftProps, 'draft' | 'onChange'>) {
  return (
    <RadioGroup
      label="Old copies"
      value={draft.mode}
      onChange={(mode) => onChange({ mode: mode === 'soft' ? 'soft' : 'delete' })}
    >
      <Radio value="delete">Remove them: from Done on nobody gets an old one.</Radio>
      <Radio value="soft">
        Make them stale: a cache may show an old one for a moment more, while it fetches the new
        one. Kinder to image servers and origins after a large invalidation.
      </Radio>
    </RadioGroup>
  )
}

function NoteAndTime({ draft, onChange }: Pick<DraftProps, 'draft' | 'onChange'>) {
  return (
    <div className={styles['noteAndTime']}>
      <TextField
        label="Note"
        description="Shown in the log. Optional."
        value={draft.note}
        onChange={(note) => onChange({ note })}
        maxLength={2000}
        UNSAFE_style={{ width: '100%' }}
      />
      <label className={styles['time']}>
        <span>When</span>
        <input
          type="datetime-local"
          value={draft.scheduleAt}
          onChange={(event) => onChange({ scheduleAt: event.currentTarget.value })}
        />
        <span className={styles['help']}>Your local time. Empty: now.</span>
      </label>
    </div>
  )
}
