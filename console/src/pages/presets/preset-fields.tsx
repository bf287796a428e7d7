import { Checkbox, NumberField, Picker, PickerItem, TextField } from '@react-spectrum/s2'
import { RESAMPLINGS } from '../../../../src/contract/dynamic-media-commands.ts'
import type { PresetFields } from '../../../../src/contract/preset-fields.ts'
import { presetFields, presetText } from '../../../../src/contract/preset-fields.ts'
import styles from './presets.module.css'

interface PresetFieldsProps {
  readonly modifiers: string
  readonly onChange: (modifiers: string) => void
}

const WIDE = { width: '100%' } as const
const NONE = 'none'
const FORMATS = ['jpeg', 'png', 'png-alpha', 'webp', 'avif', 'gif'] as const

/** The modifiers one by one. What has no field of its own stays in the text as it is. */
export function PresetFieldsForm({ modifiers, onChange }: PresetFieldsProps) {
  const fields = presetFields(modifiers)
  const set = (part: Partial<PresetFields>): void => onChange(presetText({ ...fields, ...part }))
  const formats: readonly string[] =
    fields.format === null || FORMATS.some((one) => one === fields.format)
      ? FORMATS
      : [...FORMATS, fields.format]
  return (
    <div className={styles['grid']}>
      <NumberField
        label="Width, pixels"
        minValue={1}
        value={fields.width ?? Number.NaN}
        onChange={(value) => set({ width: orNull(value) })}
        UNSAFE_style={WIDE}
      />
      <NumberField
        label="Height, pixels"
        minValue={1}
        value={fields.height ?? Number.NaN}
        onChange={(value) => set({ height: orNull(value) })}
        UNSAFE_style={WIDE}
      />
      <Choice
        label="Format"
        value={fields.format}
        choices={formats}
        onChange={(format) => set({ format })}
      />
      <NumberField
        label="Quality, 1 to 100"
        minValue={1}
        maxValue={100}
        value={fields.quality ?? Number.NaN}
        onChange={(value) => set({ quality: orNull(value) })}
        UNSAFE_style={WIDE}
      />
      <Choice
        label="Resampling"
        value={fields.resampling}
        choices={RESAMPLINGS}
        onChange={(name) =>
          set({ resampling: RESAMPLINGS.find((resampling) => resampling === name) ?? null })
        }
      />
      <TextField
        label="Other modifiers"
        value={fields.others}
        onChange={(others) => set({ others })}
        UNSAFE_style={WIDE}
      />
      <div className={styles['wide']}>
        <Checkbox
          isSelected={fields.sharpen === true}
          onChange={(on: boolean) => set({ sharpen: on ? true : null })}
        >
          Sharpen after scaling
        </Checkbox>
      </div>
      <UnsharpFields fields={fields} onChange={set} />
    </div>
  )
}

/** A field that was emptied. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

interface ChoiceProps {
  readonly label: string
  readonly value: string | null
  readonly choices: readonly string[]
  readonly onChange: (value: string | null) => void
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <Picker
      label={label}
      selectedKey={value ?? NONE}
      onSelectionChange={(key) => onChange(key === NONE ? null : String(key))}
      items={[NONE, ...choices].map((id) => ({ id, text: id === NONE ? 'Not set' : id }))}
      UNSAFE_style={WIDE}
    >
      {(item) => <PickerItem id={item.id}>{item.text}</PickerItem>}
    </Picker>
  )
}

const UNSHARP = { amount: 1, radius: 1, threshold: 6, mono: false } as const

interface UnsharpFieldsProps {
  readonly fields: PresetFields
  readonly onChange: (part: Partial<PresetFields>) => void
}

function UnsharpFields({ fields: { unsharp }, onChange }: UnsharpFieldsProps) {
  return (
    <>
      <div className={styles['wide']}>
        <Checkbox
          isSelected={unsharp !== null}
          onChange={(on: boolean) => onChange({ unsharp: on ? UNSHARP : null })}
        >
          Unsharp mask
        </Checkbox>
      </div>
      {unsharp === null
        ? null
        : (['amount', 'radius', 'threshold'] as const).map((name) => (
            <NumberField
              key={name}
              label={`Unsharp mask, ${name}`}
              minValue={0}
              value={unsharp[name]}
              onChange={(value) =>
                Number.isNaN(value)
                  ? undefined
                  : onChange({ unsharp: { ...unsharp, [name]: value } })
              }
              UNSAFE_style={WIDE}
            />
          ))}
    </>
  )
}
