import { Button, TextArea } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import type { ClipboardEvent } from 'react'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Page, Section, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { RemoveButton } from '../../parts/remove-button.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { paths } from '../../paths.ts'
import { ApiProblem } from '../../problem.ts'
import { keys, tellInvalidation } from '../../queries.ts'
import { mayReason, useChosen, useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { reasonsOf } from '../invalidation/bad-rows.ts'
import { linesOf } from '../invalidation/draft.ts'
import { usePreview, useSettled } from '../invalidation/use-preview.ts'
import styles from './classic.module.css'

/**
 * *Invalidate CDN* as in Dynamic Media Classic: the list that the template forms for what is selected, or for nothing, changed in
 * place, then Continue.
 */
export function ClassicPage() {
  const here = useProject()
  const { assets } = useChosen()
  // Asked once: what somebody has changed in the list must not come back.
  const formed = useQuery({
    queryKey: [...keys.project(here.id), 'classic', assets],
    queryFn: ({ signal }) => api.preview(here.id, { assets: [...assets], template: true }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  return (
    <Page
      title="Invalidate CDN"
      intro={
        assets.length === 0
          ? 'No asset is selected: the list holds the lines of the template that name none.'
          : `The list that the template forms for ${count(assets.length, 'selected asset')}.`
      }
    >
      <Loaded query={formed} what="the list">
        {(preview) => <EditedList first={preview.urls.map(({ url }) => url)} />}
      </Loaded>
    </Page>
  )
}

interface Line {
  readonly id: string
  readonly url: string
}

function lineOf(url: string): Line {
  return { id: browser.id(), url }
}

function EditedList({ first }: { readonly first: readonly string[] }) {
  const here = useProject()
  const [lines, setLines] = useState<readonly Line[]>(() => first.map(lineOf))
  const [typed, setTyped] = useState('')
  const [isChanged, setChanged] = useState(false)
  const change = (next: readonly Line[]): void => {
    setLines(next)
    setChanged(true)
  }
  const add = (text: string): void => {
    setTyped('')
    if (text.trim() !== '') change([...lines, ...linesOf(text).map(lineOf)])
  }
  // What is typed and not yet in the list is meant, too.
  const urls = [...lines.map(({ url }) => url.trim()), ...linesOf(typed)].filter(
    (url) => url !== '',
  )
  const settled = useSettled(urls.join('\n'))
  const check = usePreview(here.id, { urls: [...linesOf(settled)] }, settled !== '')
  const known = settled === '' ? undefined : check.data
  const reasons = known === undefined ? NO_REASONS : reasonsOf(known)
  const submit = useSubmit(urls)
  return (
    <Stack>
      <LeaveGuard changed={isChanged || typed.trim() !== ''} />
      <Section
        title="URLs"
        intro="Change a URL where it stands, or add one by typing or pasting. Each is checked again."
      >
        <p className={styles['quiet']} role="status">
          {lengthWords(lines.length, first.length)}
        </p>
        {lines.length === 0 ? null : (
          <VirtualList
            label="URLs to invalidate"
            items={lines}
            itemKey={({ id }) => id}
            row={(line, at) => (
              <Row
                line={line}
                number={at + 1}
                reason={reasons.get(line.url.trim()) ?? null}
                onChange={(url) =>
                  change(lines.map((one) => (one.id === line.id ? { ...one, url } : one)))
                }
                onRemove={() => change(lines.filter(({ id }) => id !== line.id))}
              />
            )}
          />
        )}
        <AddUrls text={typed} onText={setTyped} onAdd={add} />
        <Refusal
          preview={known}
          onRemove={() => change(lines.filter(({ url }) => !reasons.has(url.trim())))}
        />
      </Section>
      <ProblemAlert error={submit.error} />
      <Actions isPending={submit.isPending} onContinue={() => submit.mutate()} />
    </Stack>
  )
}

function lengthWords(amount: number, formed: number): string {
  if (amount > 0) return `${count(amount, 'URL')}.`
  if (formed > 0) return 'The list is empty.'
  return 'The list is blank: the template forms nothing here. Add the URLs below.'
}

interface ActionsProps {
  readonly isPending: boolean
  readonly onContinue: () => void
}

function Actions({ isPending, onContinue }: ActionsProps) {
  return (
    <div className={styles['next']}>
      <Button variant="secondary" onPress={() => window.history.back()}>
        Cancel
      </Button>
      <ReasonedButton
        variant="accent"
        reason={mayReason(useProject(), 'invalidate')}
        isPending={isPending}
        onPress={onContinue}
      >
        Continue
      </ReasonedButton>
    </div>
  )
}

const NO_REASONS: ReadonlyMap<string, string> = new Map()

function useSubmit(urls: readonly string[]) {
  const here = useProject()
  const router = useRouter()
  // Kept over repeats of the same list: pressing Continue again after a lost answer must not invalidate twice.
  const [key, setKey] = useState(() => browser.id())
  return useMutation({
    mutationFn: () => api.submit(here.id, { urls: [...urls] }, key),
    onSuccess: (invalidation) => {
      tellInvalidation(here.id, invalidation)
      router.history.push(paths.invalidation(here.id, invalidation.id), undefined, {
        ignoreBlocker: true,
      })
    },
    onError: (error) => {
      if (error instanceof ApiProblem) setKey(browser.id())
    },
  })
}

interface RefusalProps {
  readonly preview: Preview | undefined
  readonly onRemove: () => void
}

/** Why Continue would be refused; the rows themselves say what is wrong with them. */
function Refusal({ preview, onRemove }: RefusalProps) {
  if (preview === undefined || preview.refusal === null) return null
  const wrong = reasonsOf(preview).size
  return (
    <Notice
      tone="caution"
      title={preview.refusal.title}
      actions={
        wrong === 0 ? undefined : (
          <Button variant="secondary" size="S" onPress={onRemove}>
            {`Remove ${count(wrong, 'wrong row')}`}
          </Button>
        )
      }
    >
      <p>{preview.refusal.detail}</p>
    </Notice>
  )
}

interface RowProps {
  readonly line: Line
  readonly number: number
  /** What is wrong with it. */
  readonly reason: string | null
  readonly onChange: (url: string) => void
  readonly onRemove: () => void
}

function Row({ line, number, reason, onChange, onRemove }: RowProps) {
  return (
    <div className={styles['row']}>
      <div className={styles['rowText']}>
        {/* Grows with what is in it: the end of a URL tells it from the others. */}
        <textarea
          className={styles['url']}
          aria-label={`URL ${number}`}
          aria-invalid={reason !== null}
          rows={1}
          value={line.url}
          spellCheck={false}
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
          onChange={(event) => onChange(event.currentTarget.value.replaceAll(/\s*[\r\n]+\s*/g, ''))}
        />
        {reason === null ? null : <p className={styles['wrong']}>{reason}</p>}
      </div>
      <RemoveButton what={`URL ${number}`} onPress={onRemove} />
    </div>
  )
}

/** A longer text would keep the field busy: it goes to the list at once. */
const PASTED_LINES_MAX = 200

interface AddUrlsProps {
  readonly text: string
  readonly onText: (text: string) => void
  readonly onAdd: (text: string) => void
}

function AddUrls({ text, onText, onAdd }: AddUrlsProps) {
  const onPaste = (event: ClipboardEvent): void => {
    const pasted = event.clipboardData.getData('text/plain')
    if (linesOf(pasted).length <= PASTED_LINES_MAX) return
    event.preventDefault()
    onAdd(`${text}\n${pasted}`)
  }
  return (
    <div className={styles['add']} onPaste={onPaste}>
      <TextArea
        label="Add URL"
        description="Typed or pasted, one per line."
        value={text}
        onChange={onText}
        spellCheck="false"
        UNSAFE_style={{ width: '100%' }}
      />
      <div>
        <Button
          variant="secondary"
          size="S"
          isDisabled={text.trim() === ''}
          onPress={() => onAdd(text)}
        >
          Add to the list
        </Button>
      </div>
    </div>
  )
}
