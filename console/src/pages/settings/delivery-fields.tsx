import { NumberField, Picker, PickerItem, TextField } from '@react-spectrum/s2'
import { MISSING_ORIGINALS } from '../../../../src/contract/delivery-settings.ts'
import type { MissingOriginal } from '../../../../src/contract/delivery-settings.ts'
import { useProject } from '../../use-project.ts'
import type { DeliveryDraft } from './settings-draft.ts'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

const WIDE = { width: '100%' } as const

const MISSING_WORDS = {
  'text-404': '404 with a sentence',
  'empty-404': '404 without a body',
  'default-image-404': '404 with the picture below',
  'default-image-200': '200 with the picture below',
  'transparent-200': '200 with a transparent pixel',
} satisfies Record<MissingOriginal, string>

interface NumberOfProps extends FieldsProps {
  readonly name: 'sizeStep' | 'missingTtlSeconds' | 'originRefreshSeconds' | 'staleIfErrorSeconds'
  readonly label: string
  readonly description: string
  readonly minValue: number
}

function NumberOf({
  name,
  label,
  description,
  minValue,
  draft,
  onChange,
  isReadOnly,
}: NumberOfProps) {
  return (
    <NumberField
      label={label}
      description={description}
      minValue={minValue}
      value={draft.delivery[name]}
      onChange={(value) => onChange({ delivery: { ...draft.delivery, [name]: value } })}
      isReadOnly={isReadOnly}
      UNSAFE_style={WIDE}
    />
  )
}

interface TextOfProps extends FieldsProps {
  readonly name: 'originPrefix' | 'allowedSizes' | 'missingImage'
  readonly label: string
  readonly description: string
}

function TextOf({ name, label, description, draft, onChange, isReadOnly }: TextOfProps) {
  return (
    <TextField
      label={label}
      description={description}
      value={draft.delivery[name]}
      onChange={(value) => onChange({ delivery: { ...draft.delivery, [name]: value } })}
      isReadOnly={isReadOnly}
      UNSAFE_style={WIDE}
    />
  )
}

/** What happens beyond the usual: missing originals, sizes, signatures, and how often origins are looked at. */
export function DeliveryFields(props: FieldsProps) {
  return (
    <>
      <div className={styles['grid']}>
        <MissingChoice {...props} />
        <TextOf
          {...props}
          name="missingImage"
          label="Picture in place of a missing one"
          description="Path of an asset or original, as in a delivery URL."
        />
        <NumberOf
          {...props}
          name="missingTtlSeconds"
          minValue={1}
          label="Missing is believed for, seconds"
          description="Short, so that nobody waits for one that was put in."
        />
        <TextOf
          {...props}
          name="originPrefix"
          label="Origin URL prefix"
          description="host/path under which paths without a host in front lie."
        />
        <NumberOf
          {...props}
          name="originRefreshSeconds"
          minValue={60}
          label="Origins are looked at every, seconds"
          description="What has changed there is invalidated by itself. Empty: never."
        />
        <NumberOf
          {...props}
          name="staleIfErrorSeconds"
          minValue={0}
          label="An original may outlive a failing origin, seconds"
          description="Never one that was invalidated. 0: not at all."
        />
        <NumberOf
          {...props}
          name="sizeStep"
          minValue={2}
          label="Sizes are rounded up to a multiple of"
          description="Fewer renditions of almost the same size. Empty: not rounded."
        />
        <TextOf
          {...props}
          name="allowedSizes"
          label="Only these sizes"
          description="Pixels, separated by commas. Empty: any."
        />
      </div>
      <SignedWords {...props} />
    </>
  )
}

function MissingChoice({ draft, onChange, isReadOnly }: FieldsProps) {
  const set = (part: Partial<DeliveryDraft>): void =>
    onChange({ delivery: { ...draft.delivery, ...part } })
  return (
    <Picker
      label="A missing original answers"
      selectedKey={draft.delivery.missingOriginal}
      isDisabled={isReadOnly}
      onSelectionChange={(key) => {
        const found = MISSING_ORIGINALS.find((one) => one === key)
        if (found !== undefined) set({ missingOriginal: found })
      }}
      items={MISSING_ORIGINALS.map((id) => ({ id, text: MISSING_WORDS[id] }))}
      UNSAFE_style={WIDE}
    >
      {(item) => <PickerItem id={item.id}>{item.text}</PickerItem>}
    </Picker>
  )
}

/** Keys are secrets, so they are made and set by scripts. */
function SignedWords({ draft }: FieldsProps) {
  const { project } = useProject()
  const { keys } = project.delivery.signedUrls
  return (
    <p className={styles['quiet']}>
      Signed URLs: {draft.delivery.signed ? 'required' : 'not required'}
      {keys.length === 0 ? ', no key is set' : `, keys ${keys.map(({ id }) => id).join(', ')}`}.
      They are set through the API, because their keys are secrets.
    </p>
  )
}
