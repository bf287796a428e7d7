import { ActionButton, Checkbox, Picker, PickerItem, TextArea, TextField } from '@react-spectrum/s2'
import Delete from '@react-spectrum/s2/icons/Delete'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { NEW_ORIGIN } from './settings-draft.ts'
import type { OriginDraft } from './settings-draft.ts'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

/** The hosts that may be fetched from, and short names for parts of them. */
export function OriginFields({ draft, onChange, isReadOnly }: FieldsProps) {
  const { origins } = draft
  const set = (at: number, change: Partial<OriginDraft>): void =>
    onChange({ origins: origins.map((one, i) => (i === at ? { ...one, ...change } : one)) })
  return (
    <>
      {origins.length === 0 ? (
        <p className={styles['quiet']}>None. Only assets of this project are delivered.</p>
      ) : (
        <ul className={styles['origins']} aria-label="Origins">
          {origins.map((origin, at) => (
            <li key={at}>
              <Origin
                origin={origin}
                number={at + 1}
                isReadOnly={isReadOnly}
                onChange={(change) => set(at, change)}
                onRemove={() => onChange({ origins: origins.filter((_, i) => i !== at) })}
              />
            </li>
          ))}
        </ul>
      )}
      <div>
        <ReasonedButton
          variant="secondary"
          size="S"
          reason={isReadOnly ? 'Only an admin changes settings.' : null}
          onPress={() => onChange({ origins: [...origins, NEW_ORIGIN] })}
        >
          Add origin
        </ReasonedButton>
      </div>
      <TextArea
        label="Origin aliases"
        description="One per line: _name_ = host/path. Then _name_/flat.jpg means host/path/flat.jpg."
        value={draft.originAliases}
        onChange={(originAliases) => onChange({ originAliases })}
        isReadOnly={isReadOnly}
        UNSAFE_style={{ width: '100%' }}
      />
    </>
  )
}

interface OriginProps {
  readonly origin: OriginDraft
  readonly number: number
  readonly isReadOnly: boolean
  readonly onChange: (change: Partial<OriginDraft>) => void
  readonly onRemove: () => void
}

function Origin({ origin, number, isReadOnly, onChange, onRemove }: OriginProps) {
  return (
    <div className={styles['origin']} role="group" aria-label={`Origin ${number}`}>
      <TextField
        label="Host"
        value={origin.host}
        onChange={(host) => onChange({ host })}
        isReadOnly={isReadOnly}
        UNSAFE_style={{ width: '100%' }}
      />
      <Picker
        label="Scheme"
        selectedKey={origin.scheme}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => onChange({ scheme: key === 'http' ? 'http' : 'https' })}
      >
        <PickerItem id="https">https</PickerItem>
        <PickerItem id="http">http</PickerItem>
      </Picker>
      <TextField
        label="Connect to"
        description="host:port, when it is not where the name leads. Optional."
        value={origin.connectTo}
        onChange={(connectTo) => onChange({ connectTo })}
        isReadOnly={isReadOnly}
        UNSAFE_style={{ width: '100%' }}
      />
      <div className={styles['originLast']}>
        <Checkbox
          isSelected={origin.allowPrivate}
          isReadOnly={isReadOnly}
          onChange={(allowPrivate: boolean) => onChange({ allowPrivate })}
        >
          May be a private address
        </Checkbox>
        <ActionButton
          isQuiet
          isDisabled={isReadOnly}
          aria-label={`Remove origin ${origin.host === '' ? number : origin.host}`}
          onPress={onRemove}
        >
          <Delete />
        </ActionButton>
      </div>
    </div>
  )
}
