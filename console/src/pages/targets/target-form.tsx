import { Button, Checkbox, Picker, PickerItem, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Row, Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { WideText } from '../../parts/wide-fields.tsx'
import { useProject } from '../../use-project.ts'
import { targetsChanged } from './target-actions.tsx'
import { BEGINNINGS, begunWith, isBeginning } from './target-beginnings.ts'
import type { BeginningId } from './target-beginnings.ts'
import { settingsOf, wrongIn } from './target-draft.ts'
import type { TargetDraft } from './target-draft.ts'
import { PatternFields } from './pattern-fields.tsx'
import { SecretFields } from './secret-fields.tsx'
import { AskerFields, LookFields, PaceFields } from './target-fields.tsx'
import styles from './targets.module.css'

interface TargetFormProps {
  readonly saved: TargetDraft
  /** Names that are in use; null: it is one of them, and keeps its name. */
  readonly taken: readonly string[] | null
  readonly onCancel: () => void
  readonly onSaved: (id: string) => void
}

/** What an admin states about a cache outside Sluice. */
export function TargetForm({ saved, taken, onCancel, onSaved }: TargetFormProps) {
  const here = useProject()
  const [draft, setDraft] = useState(saved)
  const [beginning, setBeginning] = useState<BeginningId>('varnish')
  const change = (part: Partial<TargetDraft>): void => setDraft({ ...draft, ...part })
  const id = draft.id.trim()
  const save = useMutation({
    mutationFn: () => api.putTarget(here.id, id, settingsOf(draft)),
    onSuccess: async () => {
      await targetsChanged(here.id)
      ToastQueue.positive(`${id} saved. Test it before you rely on it.`, { timeout: 8000 })
      onSaved(id)
    },
  })
  return (
    <Section title={taken === null ? `Edit ${saved.id}` : 'Add target'}>
      <form className={styles['form']} onSubmit={(event) => event.preventDefault()}>
        <LeaveGuard changed={draft !== saved} />
        {taken === null ? null : (
          <BeginWith
            id={beginning}
            onChange={(chosen) => (setBeginning(chosen), setDraft(begunWith(draft, chosen)))}
          />
        )}
        <NameFields draft={draft} isNew={taken !== null} onChange={change} />
        <Requests draft={draft} example={BEGINNINGS[beginning].example} onChange={change} />
        <SecretFields secrets={draft.secrets} onChange={(secrets) => change({ secrets })} />
        <LookFields draft={draft} onChange={change} />
        <AskerFields draft={draft} onChange={change} />
        <PaceFields draft={draft} onChange={change} />
        <ProblemAlert error={save.error} title="The target was not saved." />
        <Row>
          <Button variant="secondary" onPress={onCancel}>
            Cancel
          </Button>
          <ReasonedButton
            variant="accent"
            reason={wrongIn(draft, taken ?? [])}
            isPending={save.isPending}
            onPress={() => save.mutate()}
          >
            Save target
          </ReasonedButton>
        </Row>
      </form>
    </Section>
  )
}

interface BeginWithProps {
  readonly id: BeginningId
  readonly onChange: (id: BeginningId) => void
}

function BeginWith({ id, onChange }: BeginWithProps) {
  return (
    <Picker
      label="Begin with"
      selectedKey={id}
      onSelectionChange={(key) => isBeginning(key) && onChange(key)}
      items={Object.entries(BEGINNINGS).map(([key, { name }]) => ({ id: key, name }))}
      UNSAFE_style={{ width: '100%', maxWidth: 420 }}
    >
      {(item) => <PickerItem id={item.id}>{item.name}</PickerItem>}
    </Picker>
  )
}

interface PartProps {
  readonly draft: TargetDraft
  readonly onChange: (part: Partial<TargetDraft>) => void
}

function NameFields({ draft, isNew, onChange }: PartProps & { readonly isNew: boolean }) {
  return (
    <div className={styles['grid']}>
      <WideText
        label="Name"
        description="Stands in the log: letters, digits, dots, dashes, underscores."
        value={draft.id}
        onChange={(id) => onChange({ id })}
        isReadOnly={!isNew}
        isRequired
        autoFocus={isNew}
      />
      <WideText
        label="Hosts"
        description="Whose URLs it caches, separated by commas. Empty: all."
        value={draft.hosts}
        onChange={(hosts) => onChange({ hosts })}
        autoFocus={!isNew}
      />
    </div>
  )
}

function Requests({ draft, example, onChange }: PartProps & { readonly example: string }) {
  return (
    <>
      <PatternFields
        title="For each URL"
        pattern={draft.purge}
        example={example}
        onChange={(purge) => onChange({ purge })}
      />
      <Row>
        <Checkbox
          isSelected={draft.allowPrivate}
          onChange={(allowPrivate: boolean) => onChange({ allowPrivate })}
        >
          It may have a private address
        </Checkbox>
        <Checkbox
          isSelected={draft.hasEverything}
          onChange={(hasEverything: boolean) => onChange({ hasEverything })}
        >
          One request for everything of the project
        </Checkbox>
      </Row>
      {draft.hasEverything ? (
        <PatternFields
          title="For everything"
          pattern={draft.everything}
          example="https://api.example.com/zones/12/purge-all"
          onChange={(everything) => onChange({ everything })}
        />
      ) : null}
    </>
  )
}
