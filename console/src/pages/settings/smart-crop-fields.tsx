import { ActionButton, Button, NumberField, TextField } from '@react-spectrum/s2'
import Delete from '@react-spectrum/s2/icons/Delete'
import type { SmartCropDraft } from './settings-draft.ts'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

const WIDE = { width: '100%' } as const

/** The crops that every image of the project has. */
export function SmartCropFields({ draft, onChange, isReadOnly }: FieldsProps) {
  const { smartCrops } = draft
  const set = (at: number, change: Partial<SmartCropDraft>): void =>
    onChange({ smartCrops: smartCrops.map((one, i) => (i === at ? { ...one, ...change } : one)) })
  return (
    <>
      {smartCrops.map((crop, at) => (
        <div key={at} className={styles['crop']} role="group" aria-label={`Smart crop ${at + 1}`}>
          <TextField
            label="Name"
            value={crop.name}
            onChange={(name) => set(at, { name })}
            isReadOnly={isReadOnly}
            UNSAFE_style={WIDE}
          />
          <NumberField
            label="Width, pixels"
            minValue={1}
            value={crop.width}
            onChange={(width) => set(at, { width })}
            isReadOnly={isReadOnly}
            UNSAFE_style={WIDE}
          />
          <NumberField
            label="Height, pixels"
            minValue={1}
            value={crop.height}
            onChange={(height) => set(at, { height })}
            isReadOnly={isReadOnly}
            UNSAFE_style={WIDE}
          />
          <ActionButton
            isQuiet
            isDisabled={isReadOnly}
            aria-label={`Remove smart crop ${crop.name === '' ? at + 1 : crop.name}`}
            onPress={() => onChange({ smartCrops: smartCrops.filter((_, i) => i !== at) })}
          >
            <Delete />
          </ActionButton>
        </div>
      ))}
      <div>
        <Button
          variant="secondary"
          size="S"
          isDisabled={isReadOnly}
          onPress={() =>
            onChange({ smartCrops: [...smartCrops, { name: '', width: 400, height: 400 }] })
          }
        >
          Add smart crop
        </Button>
      </div>
    </>
  )
}
