import { Picker, PickerItem } from '@react-spectrum/s2'
import { MISSING_ORIGINALS } from '../../../../src/contract/delivery-settings.ts'
import type { MissingOriginal } from '../../../../src/contract/delivery-settings.ts'
import { WideNumber, WideText } from '../../parts/wide-fields.tsx'
import type { DeliveryDraft } from './delivery-draft.ts'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

const MISSING_WORDS = {
  'text-404': '404 with a sentence',
  'empty-404': '404 with an empty body',
  'default-image-404': '404 with the default image',
  'default-image-200': '200 with the default image',
  'transparent-200': '200 with a transparent pixel',
} satisfies Record<MissingOriginal, string>

const NUMBERS = {
  missingTtlSeconds: {
    label: 'Missing is believed for, seconds',
    description: 'Short, so that nobody waits for one that was put in.',
    minValue: 1,
  },
  originRefreshSeconds: {
    label: 'Origins are looked at every, seconds',
    description:
      'What has changed there is invalidated, while automatic invalidation is on. Empty: never.',
    minValue: 60,
  },
  staleIfErrorSeconds: {
    label: 'Grace for a failing origin, seconds',
    description:
      'So long an older copy may stand in; never one that was invalidated. 0: not at all.',
    minValue: 0,
  },
  sizeStep: {
    label: 'Sizes are rounded up to a multiple of',
    description: 'Fewer renditions of almost the same size. Empty: not rounded.',
    minValue: 2,
  },
} as const

function NumberOf({ name, ...props }: FieldsProps & { readonly name: keyof typeof NUMBERS }) {
  const { draft, onChange, isReadOnly } = props
  return (
    <WideNumber
      {...NUMBERS[name]}
      value={draft.delivery[name]}
      onChange={(value) => onChange({ delivery: { ...draft.delivery, [name]: value } })}
      isReadOnly={isReadOnly}
    />
  )
}

/** What is delivered where the original is missing or its origin fails, and how often origins are looked at. */
export function OriginalsFields(props: FieldsProps) {
  const { draft, onChange, isReadOnly } = props
  return (
    <div className={styles['grid']}>
      <MissingChoice {...props} />
      <WideText
        label="Default image"
        description="Path of an asset or original, as in a delivery URL. It stands in for a missing one."
        value={draft.delivery.missingImage}
        onChange={(missingImage) => onChange({ delivery: { ...draft.delivery, missingImage } })}
        isReadOnly={isReadOnly}
      />
      <NumberOf {...props} name="missingTtlSeconds" />
      <WideText
        label="Watermark"
        description="Path of an asset or original. It is laid on where a Cloudimage URL has wat=1 and names none."
        value={draft.delivery.watermarkImage}
        onChange={(watermarkImage) => onChange({ delivery: { ...draft.delivery, watermarkImage } })}
        isReadOnly={isReadOnly}
      />
      <NumberOf {...props} name="originRefreshSeconds" />
      <NumberOf {...props} name="staleIfErrorSeconds" />
    </div>
  )
}

/** Which sizes URLs may ask for: somebody who asks for all of them would make a picture for each. */
export function SizeFields(props: FieldsProps) {
  const { draft, onChange, isReadOnly } = props
  return (
    <div className={styles['grid']}>
      <NumberOf {...props} name="sizeStep" />
      <WideText
        label="Only these sizes"
        description="Pixels, separated by commas. Empty: any."
        value={draft.delivery.allowedSizes}
        onChange={(allowedSizes) => onChange({ delivery: { ...draft.delivery, allowedSizes } })}
        isReadOnly={isReadOnly}
      />
    </div>
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
      UNSAFE_style={{ width: '100%' }}
    >
      {(item) => <PickerItem id={item.id}>{item.text}</PickerItem>}
    </Picker>
  )
}
