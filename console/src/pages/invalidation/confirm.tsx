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
import { tellInvalidation } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { ConfirmList } from './confirm-list.tsx'
import { selectionOf } from './draft.ts'
import type { Draft, Tab } from './draft.ts'
import type { DraftProps } from './invalidate-page.tsx'
import { Plan } from './plan.tsx'
import { usePreview } from './use-preview.ts'
import styles from './invalidation.module.css'

interface ConfirmProps extends DraftProps {
  readonly tab: Tab
  readonly onBack: () => void
}

/** The list of what will go. Submit is always possible; what cannot be done is told then, with its reason. */
export function Confirm({ draft, onChange, tab, onBack }: ConfirmProps) {
  const here = useProject()
  const preview = usePreview(here.id, selectionOf(draft, tab))
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const submit = useSubmit({
    draft,
    tab,
    preview: preview.data,
    onStale: () => void preview.refetch(),
  })
  return (
    <Stack>
      <section className={styles['confirm']} aria-labelledby="confirm-heading">
        <h2 id="confirm-heading" ref={heading} tabIndex={-1} className={styles['confirmTitle']}>
          Confirm
        </h2>
        <Loaded query={preview} what="the list">
          {(data) => (
            <>
              <Plan preview={data} tab={tab} draft={draft} onChange={onChange} />
              <ConfirmList preview={data} draft={draft} tab={tab} onChange={onChange} />
            </>
          )}
        </Loaded>
      </section>
      <Section title="Old copies, note and time">
        <OldCopiesChoice draft={draft} onChange={onChange} />
        <NoteAndTime draft={draft} onChange={onChange} />
      </Section>
      <ProblemAlert error={submit.error} />
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

interface SubmitParts {
  readonly draft: Draft
  readonly tab: Tab
  readonly preview: Preview | undefined
  /** The list is another one by now. */
  readonly onStale: () => void
}

function useSubmit({ draft, tab, preview, onStale }: SubmitParts) {
  const here = useProject()
  const router = useRouter()
  // Kept over repeats: pressing Submit again after a lost answer must not invalidate twice.
  const [idempotencyKey, setIdempotencyKey] = useState(() => browser.id())
  return useMutation({
    mutationFn: () => api.submit(here.id, bodyOf(draft, tab, preview?.digest), idempotencyKey),
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
