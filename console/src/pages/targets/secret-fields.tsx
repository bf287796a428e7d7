import { ActionButton, Button } from '@react-spectrum/s2'
import Delete from '@react-spectrum/s2/icons/Delete'
import { WideText } from '../../parts/wide-fields.tsx'
import type { SecretDraft } from './target-draft.ts'
import styles from './targets.module.css'

interface SecretFieldsProps {
  readonly secrets: readonly SecretDraft[]
  readonly onChange: (secrets: readonly SecretDraft[]) => void
}

/** Headers whose values are sent and never shown again. */
export function SecretFields({ secrets, onChange }: SecretFieldsProps) {
  const set = (at: number, change: Partial<SecretDraft>): void =>
    onChange(secrets.map((one, i) => (i === at ? { ...one, ...change } : one)))
  return (
    <fieldset className={styles['group']}>
      <legend>Secret headers</legend>
      <p className={styles['quiet']}>
        Sent with each request. Values are never shown again, here or in the log.
      </p>
      {secrets.map((secret, at) => (
        <div key={at} className={styles['secret']}>
          <WideText
            label="Name"
            value={secret.name}
            onChange={(name) => set(at, { name })}
            isReadOnly={secret.isKept}
          />
          <WideText
            label="Value"
            type="password"
            autoComplete="off"
            description={secret.isKept ? 'Empty keeps the value that is stored.' : undefined!}
            value={secret.value}
            onChange={(value) => set(at, { value })}
          />
          <ActionButton
            isQuiet
            aria-label={`Remove secret header ${secret.name === '' ? at + 1 : secret.name}`}
            onPress={() => onChange(secrets.filter((_, i) => i !== at))}
          >
            <Delete />
          </ActionButton>
        </div>
      ))}
      <div>
        <Button
          variant="secondary"
          size="S"
          onPress={() => onChange([...secrets, { name: '', value: '', isKept: false }])}
        >
          Add secret header
        </Button>
      </div>
    </fieldset>
  )
}
