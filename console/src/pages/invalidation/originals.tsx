import { TextArea } from '@react-spectrum/s2'
import CheckmarkCircle from '@react-spectrum/s2/icons/CheckmarkCircle'
import CloseCircle from '@react-spectrum/s2/icons/CloseCircle'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import type { ProblemItem } from '../../../../src/contract/api/shapes.ts'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { roleReason, useProject } from '../../use-project.ts'
import { originalsOf } from './draft.ts'
import type { DraftProps } from './invalidate-page.tsx'
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
  return (
    <Stack>
      <Section
        title="Originals"
        intro={
          <>
            Enter up to {limit} originals, separated by commas or line breaks. Only the part of the
            URL that names the original: for <code>doc.cloudimg.io/sample.li/flat1.jpg?w=500</code>{' '}
            that is <code>/sample.li/flat1.jpg</code>.
          </>
        }
      >
        <TextArea
          label="Originals"
          description="A comma that belongs to a name is written %2C."
          value={draft.originals}
          onChange={(originals) => onChange({ originals })}
          UNSAFE_style={{ width: '100%' }}
        />
        <div aria-live="polite">
          {entries.length === 0 ? null : preview.data === undefined ? (
            <ProblemAlert error={preview.error} />
          ) : (
            <Verdicts entries={entries} preview={preview.data} />
          )}
        </div>
      </Section>
      <div className={styles['next']}>
        <ReasonedButton variant="accent" reason={roleReason(here, 'editor')} onPress={onNext}>
          Next
        </ReasonedButton>
      </div>
    </Stack>
  )
}

interface VerdictsProps {
  readonly entries: readonly string[]
  readonly preview: Preview
}

function Verdicts({ entries, preview }: VerdictsProps) {
  const rest = preview.problems.filter(
    (problem) => !entries.some((entry, at) => isOf(problem, entry, at)),
  )
  return (
    <>
      <ul className={styles['verdicts']} aria-label="Verdicts">
        {entries.map((entry, at) => {
          const problem = preview.problems.find((one) => isOf(one, entry, at))
          const Icon = problem === undefined ? CheckmarkCircle : CloseCircle
          return (
            <li key={at} className={styles[problem === undefined ? 'right' : 'wrong']}>
              <Icon aria-label={problem === undefined ? 'Correct' : 'Incorrect'} />
              <span>
                <code>{entry}</code>
                {problem === undefined ? null : <span> {problem.reason}</span>}
              </span>
            </li>
          )
        })}
      </ul>
      {rest.map((problem, at) => (
        <p key={at} className={styles['wrong']}>
          {problem.reason}
        </p>
      ))}
    </>
  )
}

/** A problem names its entry by text, by line, or by a pointer into the list that was sent. */
function isOf(problem: ProblemItem, entry: string, at: number): boolean {
  if (problem.pointer !== undefined) return problem.pointer.endsWith(`/originals/${at}`)
  if (problem.line !== undefined) return problem.line === at + 1
  return problem.url === entry || problem.item === entry
}
