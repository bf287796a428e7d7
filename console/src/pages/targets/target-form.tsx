import { Button, Checkbox, TextField, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Row, Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { useProject } from '../../use-project.ts'
import { targetsChanged } from './target-actions.tsx'
import { settingsOf, wrongIn } from './target-draft.ts'
import type { TargetDraft } from './target-draft.ts'
import { PatternFields } from './pattern-fields.tsx'
import { SecretFields } from './secret-fields.tsx'
import { AskerFields, LookFields, PaceFields } from './target-fields.tsx'
import styles from './targets.module.css'

interface TargetFormProps {
  readonly saved: TargetDraft
  readonly isNew: boolean
  readonly onDone: () => void
}

/** What an admin states about a cache outside Sluice. */
export function TargetForm({ saved, isNew, onDone }: TargetFormProps) {
  const here = useProject()
  const [draft, setDraft] = useState(saved)
  const change = (part: Partial<TargetDraft>): void => setDraft({ ...draft, ...part })
  const id = draft.id.trim()
  const save = useMutation({
    mutationFn: () => api.putTarget(here.id, id, settingsOf(draft)),
    onSuccess: async () => {
      await targetsChanged(here.id)
      ToastQueue.positive(`${id} saved. Test it before you rely on it.`, { timeout: 8000 })
      onDone()
    },
  })
  return (
    <Section title={isNew ? 'Add target' : `Edit ${saved.id}`}>
      <form className={styles['form']} onSubmit={(event) => event.preventDefault()}>
        <LeaveGuard changed={draft !== saved} />
        <div className={styles['grid']}>
          <TextField
            label="Name"
            description="Stands in the log: letters, digits, dots, dashes, underscores."
            value={draft.id}
            onChange={(name) => change({ id: name })}
            isReadOnly={!isNew}
            isRequired
            autoFocus={isNew}
            UNSAFE_style={WIDE}
          />
          <TextField
            label="Hosts"
            description="Whose URLs it caches, separated by commas. Empty: all."
            value={draft.hosts}
            onChange={(hosts) => change({ hosts })}
            UNSAFE_style={WIDE}
          />
        </div>
        <Requests draft={draft} onChange={change} />
        <SecretFields secrets={draft.secrets} onChange={(secrets) => change({ secrets })} />
        <PaceFields draft={draft} onChange={change} />
        <LookFields draft={draft} onChange={change} />
        <AskerFields draft={draft} onChange={change} />
        <ProblemAlert error={save.error} title="The target was not saved." />
        <Row>
          <Button variant="secondary" onPress={onDone}>
            Cancel
          </Button>
          <ReasonedButton
            variant="accent"
            reason={wrongIn(draft)}
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

interface RequestsProps {
  readonly draft: TargetDraft
  readonly onChange: (part: Partial<TargetDraft>) => void
}

function Requests({ draft, onChange }: RequestsProps) {
  return (
    <>
      <PatternFields
        title="For each URL"
        pattern={draft.purge}
        onChange={(purge) => onChange({ purge })}
      />
      <Checkbox
        isSelected={draft.hasEverything}
        onChange={(hasEverything: boolean) => onChange({ hasEverything })}
      >
        One request for everything of the project
      </Checkbox>
      {draft.hasEverything ? (
        <PatternFields
          title="For everything"
          pattern={draft.everything}
          onChange={(everything) => onChange({ everything })}
        />
      ) : null}
    </>
  )
}

const WIDE = { width: '100%' } as const
