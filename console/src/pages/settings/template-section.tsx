import { TextArea, ToastQueue } from '@react-spectrum/s2'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Template, TemplateChecked } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { keys, queries, queryClient } from '../../queries.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import styles from './settings.module.css'

interface TemplateSectionProps {
  readonly saved: Template
  readonly onChanged: (changed: boolean) => void
}

/** The text that *Invalidation based on template* forms URLs with, each line checked while one types. */
export function TemplateSection({ saved, onChanged }: TemplateSectionProps) {
  const here = useProject()
  const [text, setText] = useState(saved.text)
  const changed = text !== saved.text
  useEffect(() => onChanged(changed), [changed, onChanged])
  const save = useMutation({
    mutationFn: () => api.putTemplate(here.id, text),
    onSuccess: (template) => {
      queryClient.setQueryData(keys.template(here.id), template)
      ToastQueue.positive('Template saved', { timeout: 5000 })
    },
  })
  const role = roleReason(here, 'editor')
  return (
    <Section
      title="CDN invalidation template"
      id="template"
      intro={
        <>
          One entry per line. <code>&lt;ID&gt;</code> stands for each chosen asset; a line without
          it is taken as it is. A line that begins with <code>&lt;ID&gt;</code> gets the publish
          server and company in front.
        </>
      }
    >
      <TextArea
        label="Template"
        value={text}
        onChange={setText}
        isReadOnly={role !== null}
        spellCheck="false"
        UNSAFE_style={{ width: '100%' }}
      />
      <LineCheck text={text} />
      <ProblemAlert error={save.error} title="The template was not saved." />
      <div className={styles['actions']}>
        <ReasonedButton
          variant="accent"
          reason={role ?? (changed ? null : 'Nothing is changed.')}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          Save template
        </ReasonedButton>
      </div>
    </Section>
  )
}

type Line = TemplateChecked['lines'][number]

function LineCheck({ text }: { readonly text: string }) {
  const here = useProject()
  const settled = useSettled(text)
  // One asset as an example of what the lines form.
  const { data: assets } = useQuery(queries.assets(here.id, { limit: 1 }))
  const example = assets?.items[0]?.id
  const check = useQuery({
    queryKey: [...keys.template(here.id), 'check', settled, example],
    queryFn: ({ signal }) =>
      api.checkTemplate(here.id, settled, example === undefined ? [] : [example], signal),
    placeholderData: keepPreviousData,
    enabled: settled !== '' && assets !== undefined,
  })
  if (settled === '') return <p className={styles['quiet']}>Empty: it forms nothing.</p>
  if (check.data === undefined) return <ProblemAlert error={check.error} />
  return (
    <div aria-live="polite">
      <h3>Each line{example === undefined ? '' : `, with ${example} as an example`}</h3>
      <ol className={styles['lines']}>
        {check.data.lines.map((line) => (
          <CheckedLine key={line.line} line={line} />
        ))}
      </ol>
    </div>
  )
}

function CheckedLine({ line }: { readonly line: Line }) {
  if (line.text.trim() === '') return null
  return (
    <li>
      <span className={styles['lineNumber']}>Line {line.line}</span>
      <span className={styles['lineText']}>
        {line.urls.map((url) => (
          <code key={url}>{url}</code>
        ))}
        {line.problems.map((problem, at) => (
          <span key={at} className={styles[problem.level]}>
            {problem.level === 'error' ? 'Error' : 'Warning'}, column {problem.column}:{' '}
            {problem.reason}
          </span>
        ))}
      </span>
    </li>
  )
}
