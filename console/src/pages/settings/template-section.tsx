import {
  AlertDialog,
  ComboBox,
  ComboBoxItem,
  DialogContainer,
  TextArea,
  ToastQueue,
} from '@react-spectrum/s2'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Template, TemplateChecked } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { ApiProblem } from '../../problem.ts'
import { keys, queries, queryClient } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import { localTime } from '../../words.ts'
import { TemplateConflict } from './template-conflict.tsx'
import { TemplateVersions } from './template-versions.tsx'
import styles from './settings.module.css'

interface TemplateSectionProps {
  readonly saved: Template
  readonly onChanged: (changed: boolean) => void
}

const INTRO = (
  <>
    One entry per line. <code>&lt;ID&gt;</code> stands for each chosen asset; a line without it is
    taken as it is. A line that begins with <code>&lt;ID&gt;</code> gets the publish server and
    company in front. Saving is always possible; a red line keeps an invalidation from being
    submitted until it is corrected.
  </>
)

/** The text that *Invalidation based on template* forms URLs with, each line checked while one types. */
export function TemplateSection({ saved, onChanged }: TemplateSectionProps) {
  const here = useProject()
  const [text, setText] = useState(saved.text)
  // The version that is edited. A newer one of somebody else comes in by itself only while nothing is typed here.
  const [base, setBase] = useState(saved)
  const changed = text !== base.text
  const begin = (template: Template): void => {
    setBase(template)
    setText(template.text)
  }
  if (saved.version > base.version && !changed) begin(saved)
  useEffect(() => onChanged(changed), [changed, onChanged])
  const save = useMutation({
    mutationFn: () => api.putTemplate(here.id, text, base.version),
    onSuccess: async (template) => {
      begin(template)
      queryClient.setQueryData(keys.template(here.id), template)
      await queryClient.invalidateQueries({ queryKey: keys.template(here.id) })
      ToastQueue.positive(`Template saved as version ${template.version}`, { timeout: 5000 })
    },
  })
  const role = mayReason(here, 'editTemplate')
  const conflict = save.error instanceof ApiProblem ? save.error.conflict : null
  return (
    <Section title="CDN invalidation template" id="template" intro={INTRO}>
      <p className={styles['quiet']}>{savedWords(base)}</p>
      <TextArea
        label="Template"
        value={text}
        onChange={setText}
        isReadOnly={role !== null}
        spellCheck="false"
        UNSAFE_style={{ width: '100%' }}
      />
      <LineCheck text={text} />
      {conflict === null ? (
        <ProblemAlert error={save.error} title="The template was not saved." />
      ) : null}
      <TemplateConflict
        conflict={conflict}
        onMine={() => {
          setBase(conflict!.theirs)
          save.reset()
        }}
        onTheirs={() => {
          begin(conflict!.theirs)
          save.reset()
        }}
      />
      <div className={styles['actions']}>
        <SaveButton
          reason={role ?? (changed ? null : 'Nothing is changed.')}
          isPending={save.isPending}
          onSave={() => save.mutate()}
        />
      </div>
      <TemplateVersions current={base.version} onTake={setText} isReadOnly={role !== null} />
    </Section>
  )
}

function savedWords({ version, savedAt, savedBy }: Template): string {
  if (version === 0 || savedAt === null) return 'Nobody has changed it yet.'
  return `Version ${version}, saved by ${savedBy ?? 'somebody'} on ${localTime(savedAt)}.`
}

interface SaveButtonProps {
  readonly reason: string | null
  readonly isPending: boolean
  readonly onSave: () => void
}

/** Save, then OK, as in Dynamic Media: both flows use the text from then on. */
function SaveButton({ reason, isPending, onSave }: SaveButtonProps) {
  const [asked, setAsked] = useState(false)
  return (
    <>
      <ReasonedButton
        variant="accent"
        reason={reason}
        isPending={isPending}
        onPress={() => setAsked(true)}
      >
        Save template
      </ReasonedButton>
      <DialogContainer onDismiss={() => setAsked(false)}>
        {asked ? (
          <AlertDialog
            title="Save the template?"
            variant="confirmation"
            primaryActionLabel="OK"
            cancelLabel="Cancel"
            onPrimaryAction={onSave}
          >
            Everybody in this project invalidates with it from now on. The versions before are kept.
          </AlertDialog>
        ) : null}
      </DialogContainer>
    </>
  )
}

type Line = TemplateChecked['lines'][number]

function LineCheck({ text }: { readonly text: string }) {
  const here = useProject()
  const settled = useSettled(text)
  const [typed, setTyped] = useState('')
  // Assets as examples of what the lines form.
  const { data: assets } = useQuery(queries.assets(here.id, { limit: 25, q: typed }))
  const [chosen, setChosen] = useState<string | null>(null)
  const example = chosen ?? assets?.items[0]?.id
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
      <ComboBox
        label="Example"
        menuTrigger="focus"
        items={(assets?.items ?? []).map(({ id }) => ({ id }))}
        inputValue={typed}
        onInputChange={setTyped}
        onSelectionChange={(key) => key !== null && setChosen(String(key))}
        placeholder={example ?? 'An asset'}
      >
        {(item) => <ComboBoxItem id={item.id}>{item.id}</ComboBoxItem>}
      </ComboBox>
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
