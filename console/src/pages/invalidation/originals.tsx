import { Button, TextArea } from '@react-spectrum/s2'
import type { TextFieldRef } from '@react-spectrum/s2'
import { useRef } from 'react'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import type { ProblemItem } from '../../../../src/contract/api/shapes.ts'
import { browser } from '../../browser.ts'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { mayReason, useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { originalsOf } from './draft.ts'
import type { DraftProps } from './invalidate-page.tsx'
import { withEntries } from './original-entries.ts'
import { OriginalVerdict } from './original-verdict.tsx'
import { usePreview, useSettled } from './use-preview.ts'
import styles from './invalidation.module.css'

/** Add Details for originals: each entry gets its verdict while one types. */
export function Originals({
  draft,
  onChange,
  onNext,
  limit,
}: DraftProps & { readonly limit: number }) {
  const here = useProject()
  const settled = useSettled(draft.originals)
  const entries = originalsOf(settled)
  const preview = usePreview(here.id, { originals: [...entries] }, entries.length > 0)
  const field = useRef<TextFieldRef<HTMLTextAreaElement>>(null)
  // The button that was pressed goes with its entry's fault; the focus would go with it.
  const correct = (right: ReadonlyMap<number, string>): void => {
    onChange({ originals: withEntries(settled, right) })
    browser.after(0, () => field.current?.focus())
  }
  const problems = entries.length === 0 ? [] : (preview.data?.problems ?? [])
  return (
    <Stack>
      <Section
        title="Originals"
        intro={
          <>
            Enter up to {limit} originals, separated by commas or line breaks. Only the part of the
            URL that names the original: for <code>doc.cloudimg.io/sample.li/flat1.jpg?w=500</code>{' '}
            that is <code>/sample.li/flat1.jpg</code>. All its sizes and formats go.
          </>
        }
      >
        <TextArea
          ref={field}
          label="Originals"
          description={`${originalsOf(draft.originals).length} of ${limit}. A comma that belongs to a name is written %2C.`}
          value={draft.originals}
          onChange={(originals) => onChange({ originals })}
          spellCheck="false"
          UNSAFE_style={{ width: '100%' }}
        />
        <div aria-live="polite">
          {entries.length === 0 ? null : preview.data === undefined ? (
            <ProblemAlert error={preview.error} />
          ) : (
            <Verdicts entries={entries} preview={preview.data} onCorrect={correct} />
          )}
        </div>
      </Section>
      <div className={styles['next']}>
        <ReasonedButton
          variant="accent"
          reason={
            mayReason(here, 'invalidate') ??
            (problems.length === 0 ? null : 'Correct what is marked as incorrect to go on.')
          }
          onPress={onNext}
        >
          Next
        </ReasonedButton>
      </div>
    </Stack>
  )
}

interface VerdictsProps {
  readonly entries: readonly string[]
  readonly preview: Preview
  /** The right forms, by the number of the entry. */
  readonly onCorrect: (right: ReadonlyMap<number, string>) => void
}

function Verdicts({ entries, preview, onCorrect }: VerdictsProps) {
  const { problems } = preview
  const judged = entries.map((entry, at) => problems.find((one) => isOf(one, entry, at)))
  const rest = problems.filter((problem) => !judged.includes(problem))
  const right = new Map(
    judged.flatMap((problem, at) =>
      problem?.suggestion === undefined ? [] : [[at, problem.suggestion] as const],
    ),
  )
  return (
    <Stack>
      {rest.map((problem, at) => (
        <p key={at} className={styles['wrong']}>
          {problem.reason}
        </p>
      ))}
      <ul className={styles['verdicts']} aria-label="Verdicts">
        {entries.map((entry, at) => (
          <OriginalVerdict
            key={at}
            entry={entry}
            problem={judged[at]}
            onCorrect={(form) => onCorrect(new Map([[at, form]]))}
          />
        ))}
      </ul>
      {right.size < 2 ? null : (
        <div>
          <Button variant="secondary" size="S" onPress={() => onCorrect(right)}>
            {`Correct ${count(right.size, 'entry', 'entries')}`}
          </Button>
        </div>
      )}
    </Stack>
  )
}

/** A problem names its entry by text, by line, or by a pointer into the list that was sent. */
function isOf(problem: ProblemItem, entry: string, at: number): boolean {
  if (problem.pointer !== undefined) return problem.pointer.endsWith(`/originals/${at}`)
  if (problem.line !== undefined) return problem.line === at + 1
  return problem.url === entry || problem.item === entry
}
