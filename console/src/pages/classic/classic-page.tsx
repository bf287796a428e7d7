import { Button, TextArea } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
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
import { keys, tellInvalidation } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { linesOf } from '../invalidation/draft.ts'
import { usePreview, useSettled } from '../invalidation/use-preview.ts'
import styles from './classic.module.css'

/**
 * *Invalidate CDN* as in Dynamic Media Classic: the list that the template forms for what is selected, or for nothing, changed in
 * place, then Continue.
 */
export function ClassicPage() {
  const here = useProject()
  const search: { readonly assets?: string } = useSearch({ strict: false })
  const assets = search.assets?.split(',').filter(Boolean) ?? []
  // Asked once: what somebody has changed in the list must not come back.
  const formed = useQuery({
    queryKey: [...keys.project(here.id), 'classic', assets],
    queryFn: ({ signal }) => api.preview(here.id, { assets, template: true }, signal),
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
  const router = useRouter()
  const [lines, setLines] = useState<readonly Line[]>(() => first.map(lineOf))
  const [isChanged, setChanged] = useState(false)
  const change = (next: readonly Line[]): void => {
    setLines(next)
    setChanged(true)
  }
  const urls = lines.map(({ url }) => url.trim()).filter((url) => url !== '')
  const settled = useSettled(urls.join('\n'))
  const check = usePreview(here.id, { urls: [...linesOf(settled)] }, settled !== '')
  const reasons = new Map(
    (check.data?.problems ?? []).flatMap(({ url, reason }) => (url ? [[url, reason]] : [])),
  )
  const submit = useMutation({
    mutationFn: () => api.submit(here.id, { urls }, browser.id()),
    onSuccess: (invalidation) => {
      tellInvalidation(here.id, invalidation)
      router.history.push(paths.invalidation(here.id, invalidation.id), undefined, {
        ignoreBlocker: true,
      })
    },
  })
  const refusal = settled === '' ? null : (check.data?.refusal ?? null)
  return (
    <Stack>
      <LeaveGuard changed={isChanged} />
      <Section title="URLs" intro="Change a URL where it stands; it is checked again.">
        {lines.length === 0 ? <p className={styles['quiet']}>The list is empty.</p> : null}
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
        <AddUrls onAdd={(added) => change([...lines, ...added.map(lineOf)])} />
        {refusal === null ? null : (
          <Notice tone="caution" title={refusal.title}>
            <p>{refusal.detail}</p>
          </Notice>
        )}
      </Section>
      <ProblemAlert error={submit.error} />
      <div className={styles['next']}>
        <Button variant="secondary" onPress={() => window.history.back()}>
          Cancel
        </Button>
        <ReasonedButton
          variant="accent"
          reason={mayReason(here, 'invalidate')}
          isPending={submit.isPending}
          onPress={() => submit.mutate()}
        >
          Continue
        </ReasonedButton>
      </div>
    </Stack>
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
        <input
          className={styles['url']}
          aria-label={`URL ${number}`}
          aria-invalid={reason !== null}
          value={line.url}
          spellCheck={false}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        {reason === null ? null : <p className={styles['wrong']}>{reason}</p>}
      </div>
      <RemoveButton what={`URL ${number}`} onPress={onRemove} />
    </div>
  )
}

function AddUrls({ onAdd }: { readonly onAdd: (urls: readonly string[]) => void }) {
  const [text, setText] = useState('')
  return (
    <>
      <TextArea
        label="Add URL"
        description="Typed or pasted, one per line."
        value={text}
        onChange={setText}
        spellCheck="false"
        UNSAFE_style={{ width: '100%' }}
      />
      <div>
        <Button
          variant="secondary"
          size="S"
          isDisabled={text.trim() === ''}
          onPress={() => {
            onAdd(linesOf(text))
            setText('')
          }}
        >
          Add to the list
        </Button>
      </div>
    </>
  )
}
