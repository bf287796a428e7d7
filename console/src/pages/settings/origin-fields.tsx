import { ActionButton, Checkbox, Picker, PickerItem } from '@react-spectrum/s2'
import Delete from '@react-spectrum/s2/icons/Delete'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { WideArea, WideNumber, WideText } from '../../parts/wide-fields.tsx'
import { NEW_ORIGIN } from './origin-draft.ts'
import type { OriginDraft } from './origin-draft.ts'
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
            <li key={at} className={styles['origin']}>
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
      <div className={styles['grid']}>
        <WideArea
          label="Origin aliases"
          description="One per line: _name_ = host/path. Then _name_/flat.jpg means host/path/flat.jpg. Where several fit, the longest wins."
          value={draft.originAliases}
          onChange={(originAliases) => onChange({ originAliases })}
          isReadOnly={isReadOnly}
        />
        <WideText
          label="Origin URL prefix"
          description="host/path under which paths without a host in front lie. Empty: they are assets of this project."
          value={draft.delivery.originPrefix}
          onChange={(originPrefix) => onChange({ delivery: { ...draft.delivery, originPrefix } })}
          isReadOnly={isReadOnly}
        />
      </div>
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

function Origin(props: OriginProps) {
  const { origin, number, isReadOnly, onChange, onRemove } = props
  return (
    <div role="group" aria-label={`Origin ${origin.host === '' ? number : origin.host}`}>
      <div className={styles['originMain']}>
        <WideText
          label="Host"
          description="sample.li, or *.sample.li for everything below it."
          value={origin.host}
          onChange={(host) => onChange({ host })}
          isReadOnly={isReadOnly}
          spellCheck="false"
        />
        <div className={styles['originScheme']}>
          <Picker
            label="Scheme"
            selectedKey={origin.scheme}
            isDisabled={isReadOnly}
            onSelectionChange={(key) => onChange({ scheme: key === 'http' ? 'http' : 'https' })}
          >
            <PickerItem id="https">https</PickerItem>
            <PickerItem id="http">http</PickerItem>
          </Picker>
        </div>
        <div className={styles['originRemove']}>
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
      <OriginDetails {...props} />
    </div>
  )
}

/** What most origins do without: closed unless something is set. */
function OriginDetails({ origin, isReadOnly, onChange }: OriginProps) {
  const { connectTo, allowPrivate, headers, connectionsMax, readsPerSecond } = origin
  const isSet =
    allowPrivate ||
    connectTo + headers !== '' ||
    !Number.isNaN(connectionsMax) ||
    !Number.isNaN(readsPerSecond)
  return (
    <details className={styles['details']} open={isSet || undefined}>
      <summary>Connection, headers and limits</summary>
      <div className={styles['grid']}>
        <WideText
          label="Connect to"
          description="host:port, when it is not where the name leads."
          value={connectTo}
          onChange={(value) => onChange({ connectTo: value })}
          isReadOnly={isReadOnly}
        />
        <WideNumber
          label="Connections at one time"
          description="Of each image server. Empty: 16."
          minValue={1}
          maxValue={1000}
          value={connectionsMax}
          onChange={(value) => onChange({ connectionsMax: value })}
          isReadOnly={isReadOnly}
        />
        <WideNumber
          label="Reads per second"
          description="Of each image server. Empty: 50."
          minValue={1}
          maxValue={1000}
          value={readsPerSecond}
          onChange={(value) => onChange({ readsPerSecond: value })}
          isReadOnly={isReadOnly}
        />
        <WideArea
          label="Extra request headers"
          description="One per line: name: value. Only admins see them."
          value={headers}
          onChange={(value) => onChange({ headers: value })}
          isReadOnly={isReadOnly}
          spellCheck="false"
        />
        <Checkbox
          isSelected={allowPrivate}
          isReadOnly={isReadOnly}
          onChange={(value: boolean) => onChange({ allowPrivate: value })}
        >
          May be a private address
        </Checkbox>
      </div>
    </details>
  )
}
