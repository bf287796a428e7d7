import { AlertDialog, Button, DialogContainer, ToastQueue } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Template } from '../../../../src/contract/api/projects.ts'
import {
  TEMPLATE_LENGTH_MAX,
  TEMPLATE_LINES_MAX,
} from '../../../../src/contract/template-limits.ts'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { ApiProblem } from '../../problem.ts'
import { keys, queries, queryClient } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { count, localTime } from '../../words.ts'
import { linesOf } from '../invalidation/draft.ts'
import { LineCheck } from './line-check.tsx'
import { TemplateConflict } from './template-conflict.tsx'
import { TemplateVersions } from './template-versions.tsx'
import styles from './template.module.css'

/** *CDN Invalidation Template*: the text that *Invalidation based on template* forms URLs with. */
export function TemplatePage() {
  const here = useProject()
  const template = useQuery(queries.template(here.id))
  return (
    <Loaded query={template} what="the template">
      {(saved) => <Editor saved={saved} />}
    </Loaded>
  )
}

const INTRO = (
  <>
    One entry per line. <code>&lt;ID&gt;</code> stands for each selected asset; a line without it is
    taken as it is. A line that begins with <code>&lt;ID&gt;</code> gets the publish server and the
    company in front.
  </>
)

function Editor({ saved }: { readonly saved: Template }) {
  const here = useProject()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(saved.text)
  // The version that is edited. A newer one of somebody else comes in by itself only while nothing is typed here.
  const [base, setBase] = useState(saved)
  const changed = text !== base.text
  const begin = (template: Template): void => {
    setBase(template)
    setText(template.text)
  }
  if (saved.version > base.version && !changed) begin(saved)
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
  const resolve = (next: () => void): void => {
    next()
    save.reset()
  }
  return (
    <Page
      title="CDN Invalidation Template"
      intro={INTRO}
      actions={
        <>
          {role === null ? (
            <Button
              variant="secondary"
              isDisabled={!changed}
              onPress={() => resolve(() => begin(base))}
            >
              Cancel
            </Button>
          ) : null}
          <SaveButton
            reason={role ?? (changed ? null : 'Nothing is changed.')}
            isPending={save.isPending}
            onSave={() => save.mutate()}
          />
        </>
      }
    >
      <LeaveGuard changed={changed} />
      {conflict === null ? (
        <ProblemAlert error={save.error} title="The template was not saved." />
      ) : null}
      <TemplateConflict
        conflict={conflict}
        onMine={() => resolve(() => setBase(conflict!.theirs))}
        onTheirs={() => resolve(() => begin(conflict!.theirs))}
      />
      <Section title="Create Template">
        <TextField text={text} onText={setText} field={field} isReadOnly={role !== null} />
        <p className={styles['quiet']}>
          {sizeWords(text)} {savedWords(base)}
        </p>
      </Section>
      <LineCheck text={text} onGo={(line, column) => goTo(field.current, line, column)} />
      <TemplateVersions current={base.version} onTake={setText} isReadOnly={role !== null} />
    </Page>
  )
}

interface TextFieldProps {
  readonly text: string
  readonly onText: (text: string) => void
  readonly field: React.RefObject<HTMLTextAreaElement | null>
  readonly isReadOnly: boolean
}

/** A plain field: a thousand lines in it must stay quick to type in. */
function TextField({ text, onText, field, isReadOnly }: TextFieldProps) {
  return (
    <label className={styles['field']}>
      <span>Define template for invalidating CDN cache</span>
      <textarea
        ref={field}
        className={styles['area']}
        value={text}
        readOnly={isReadOnly}
        spellCheck={false}
        wrap="off"
        rows={6}
        placeholder="https://my.publishserver.com/is/image/company_name/<ID>?$product$"
        onChange={(event) => onText(event.currentTarget.value)}
      />
    </label>
  )
}

/** Puts the caret where a message points. */
function goTo(field: HTMLTextAreaElement | null, line: number, column: number): void {
  if (field === null) return
  const before = field.value.split('\n').slice(0, line - 1)
  const at = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1
  field.focus()
  field.setSelectionRange(at, at)
}

function sizeWords(text: string): string {
  const lines = linesOf(text).length
  const max = TEMPLATE_LINES_MAX.toLocaleString('en')
  const characters = text.length.toLocaleString('en')
  const charactersMax = TEMPLATE_LENGTH_MAX.toLocaleString('en')
  return `${count(lines, 'line')} of at most ${max}, ${characters} of ${charactersMax} characters.`
}

function savedWords({ version, savedAt, savedBy }: Template): string {
  if (version === 0 || savedAt === null) return 'Nobody has saved one yet.'
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
        Save
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
