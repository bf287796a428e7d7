import { Switch } from '@react-spectrum/s2'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TemplateChecked } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { SampleField, useSample } from '../../parts/sample-field.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { keys } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import styles from './template.module.css'

type Line = TemplateChecked['lines'][number]

interface LineCheckProps {
  readonly text: string
  /** To where a message points. */
  readonly onGo: (line: number, column: number) => void
}

/** What each line becomes for a sample asset, and what is wrong with it, while one types. */
export function LineCheck({ text, onGo }: LineCheckProps) {
  const here = useProject()
  const settled = useSettled(text)
  const sample = useSample({})
  const [isShort, setShort] = useState(false)
  const example = sample.asset?.id
  const check = useQuery({
    queryKey: [...keys.template(here.id), 'check', settled, example],
    queryFn: ({ signal }) =>
      api.checkTemplate(here.id, settled, example === undefined ? [] : [example], signal),
    placeholderData: keepPreviousData,
    enabled: settled.trim() !== '' && sample.isKnown,
  })
  const lines = (check.data?.lines ?? []).filter(({ text: line }) => line.trim() !== '')
  const remarked = lines.filter(({ problems }) => problems.length > 0)
  return (
    <Section title="What each line becomes">
      {settled.trim() === '' ? (
        <p className={styles['quiet']}>
          The template is empty: it forms no URL, and Invalidate CDN begins with a blank list.
        </p>
      ) : (
        <>
          <div className={styles['tools']}>
            <SampleField sample={sample} label="Sample asset" />
            {remarked.length === 0 ? null : (
              <Switch isSelected={isShort} onChange={setShort}>
                Only lines with a remark
              </Switch>
            )}
          </div>
          <ProblemAlert error={check.error} title="The lines were not checked." />
          {check.data === undefined ? null : (
            <>
              <p role="status">{verdictOf(lines)}</p>
              <VirtualList
                label="Lines"
                items={isShort ? remarked : lines}
                itemKey={({ line }) => String(line)}
                row={(line) => <CheckedLine line={line} onGo={onGo} />}
              />
            </>
          )}
        </>
      )}
    </Section>
  )
}

/** How it stands in a sentence, since a long list is not read to its end. */
export function verdictOf(lines: readonly Line[]): string {
  const problems = lines.flatMap((line) => line.problems)
  const red = problems.filter(({ level }) => level === 'error').length
  const amber = problems.length - red
  if (problems.length === 0) return 'Every line is right.'
  const words = [
    ...(red === 0 ? [] : [count(red, 'error')]),
    ...(amber === 0 ? [] : [count(amber, 'warning')]),
  ].join(' and ')
  return red === 0
    ? `${words}. Warnings keep nobody from invalidating.`
    : `${words}. You can save it, but an invalidation with it cannot be submitted until the errors are corrected.`
}

interface CheckedLineProps {
  readonly line: Line
  readonly onGo: LineCheckProps['onGo']
}

function CheckedLine({ line, onGo }: CheckedLineProps) {
  return (
    <div className={styles['line']}>
      <span className={styles['lineNumber']}>Line {line.line}</span>
      <span className={styles['lineText']}>
        {line.urls.map((url) => (
          <code key={url}>{url}</code>
        ))}
        {line.urls.length > 0 ? null : (
          <span className={styles['quiet']}>Nothing for this asset.</span>
        )}
        {line.problems.map(({ level, column, reason }, at) => (
          <button
            key={at}
            type="button"
            className={styles[level]}
            onClick={() => onGo(line.line, column)}
          >
            <strong>
              {level === 'error' ? 'Error' : 'Warning'}, column {column}:
            </strong>{' '}
            {reason}
          </button>
        ))}
      </span>
    </div>
  )
}
