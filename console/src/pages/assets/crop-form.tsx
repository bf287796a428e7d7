import { Button, Checkbox, NumberField, TextField, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Asset, Crop } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { Rendered } from '../../parts/rendered.tsx'
import { useProject } from '../../use-project.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import { hasShape, inPicture, ratioOf, shaped } from './crop-drag.ts'
import { CropRectangle } from './crop-rectangle.tsx'
import { refreshAssets } from './use-uploads.ts'
import styles from './crops.module.css'

export interface EditedCrop {
  /** Empty: a new one. */
  readonly name: string
  readonly computed: boolean
  readonly crop: Crop
}

/** The middle half of the picture, at the size of Dynamic Media's small crop. */
export const NEW_CROP: EditedCrop = {
  name: '',
  computed: false,
  crop: { rect: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 }, width: 400, height: 400 },
}

interface CropFormProps {
  readonly asset: Asset
  readonly edited: EditedCrop
  readonly onDone: () => void
}

/** A crop by hand: the rectangle on the picture, the same in numbers, and what visitors would get. */
export function CropForm({ asset, edited, onDone }: CropFormProps) {
  const here = useProject()
  const picture = { width: asset.width ?? 4, height: asset.height ?? 3 }
  const [name, setName] = useState(edited.name)
  const [crop, setCrop] = useState(() =>
    edited.name === '' ? inShape(edited.crop, picture) : edited.crop,
  )
  const [first] = useState(crop)
  const ratio = ratioOf(crop, picture)
  const [keeps, setKeeps] = useState(hasShape(crop.rect, ratio))
  const [invalidate, setInvalidate] = useState(true)
  const automatic = here.project.automaticInvalidation
  const save = useMutation({
    mutationFn: () =>
      api.putCrop(here.id, asset.id, name.trim(), {
        ...crop,
        ...(invalidate && !automatic ? { invalidate } : {}),
      }),
    onSuccess: async () => {
      await refreshAssets(here.id)
      ToastQueue.positive(`Crop ${name.trim()} of ${asset.id} saved`, { timeout: 5000 })
      onDone()
    },
  })
  const keepShape = (on: boolean): void => {
    setKeeps(on)
    if (on) setCrop(inShape(crop, picture))
  }
  return (
    <form className={styles['form']} onSubmit={(event) => (event.preventDefault(), save.mutate())}>
      <LeaveGuard changed={name !== edited.name || crop !== first} />
      <div className={styles['editor']}>
        <CropRectangle
          asset={asset}
          rect={crop.rect}
          ratio={keeps ? ratio : null}
          onChange={(rect) => setCrop((before) => ({ ...before, rect }))}
          autoFocus={edited.name !== ''}
        />
        <div className={styles['fields']}>
          <NameField name={name} isNew={edited.name === ''} onChange={setName} />
          <Checkbox isSelected={keeps} onChange={keepShape}>
            {`Keep the shape of ${crop.width} × ${crop.height}`}
          </Checkbox>
          <RectFields
            crop={crop}
            onChange={(next) => setCrop(keeps ? inShape(next, picture) : next)}
          />
          <LivePreview asset={asset} crop={crop} />
        </div>
      </div>
      <Reach asset={asset} isOn={invalidate} onChange={setInvalidate} />
      <ProblemAlert error={save.error} title="The crop was not saved." />
      <div className={styles['actions']}>
        <Button variant="secondary" size="S" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" size="S" type="submit" isPending={save.isPending}>
          Save crop
        </Button>
      </div>
    </form>
  )
}

interface NameFieldProps {
  readonly name: string
  readonly isNew: boolean
  readonly onChange: (name: string) => void
}

function NameField({ name, isNew, onChange }: NameFieldProps) {
  return (
    <TextField
      label="Name"
      description={isNew ? 'Letters, digits, blanks, - _ and .' : undefined!}
      value={name}
      onChange={onChange}
      isReadOnly={!isNew}
      isRequired
      autoFocus={isNew}
      UNSAFE_style={WIDE}
    />
  )
}

interface ReachProps {
  readonly asset: Asset
  readonly isOn: boolean
  readonly onChange: (on: boolean) => void
}

/** What saving invalidates: by itself, or if one wants it. */
function Reach({ asset, isOn, onChange }: ReachProps) {
  if (useProject().project.automaticInvalidation) {
    return (
      <p className={styles['quiet']}>
        Saving invalidates what was served of this crop of {asset.id}, and nothing else.
      </p>
    )
  }
  return (
    <Checkbox isSelected={isOn} onChange={onChange}>
      {`Invalidate what was served of this crop of ${asset.id}`}
    </Checkbox>
  )
}

function inShape(crop: Crop, picture: { width: number; height: number }): Crop {
  const ratio = ratioOf(crop, picture)
  return hasShape(crop.rect, ratio) ? crop : { ...crop, rect: shaped(crop.rect, ratio) }
}

/** A larger output is shown smaller: it is only looked at. */
const PREVIEW_SIDE_MAX = 1600

function LivePreview({ asset, crop }: { readonly asset: Asset; readonly crop: Crop }) {
  const settled = useSettled(crop)
  return (
    <section aria-label="Preview" className={styles['preview']}>
      <h3>As visitors would get it</h3>
      {asset.published ? (
        <Rendered
          asset={asset}
          modifiers={previewModifiers(settled)}
          alt={`This part of ${asset.id} at ${settled.width} × ${settled.height}`}
        />
      ) : (
        <p className={styles['quiet']}>
          {asset.id} is not published, so visitors get nothing of it yet.
        </p>
      )}
    </section>
  )
}

/** Makes of the whole picture what the crop's own URL makes of it. */
export function previewModifiers({ rect, ...size }: Crop): string {
  const scale = Math.min(1, PREVIEW_SIDE_MAX / Math.max(size.width, size.height))
  const [wid, hei] = [size.width, size.height].map((side) => Math.max(1, Math.round(side * scale)))
  const { x, y, width, height } = inPicture(rect)
  return `cropN=${x},${y},${width},${height}&wid=${wid}&hei=${hei}&fit=crop,1`
}

const RECT = [
  ['x', 'From the left'],
  ['y', 'From the top'],
  ['width', 'Width'],
  ['height', 'Height'],
] as const

const SIZE = [
  ['width', 'Output width, pixels'],
  ['height', 'Output height, pixels'],
] as const

const SHARE = { style: 'percent', maximumFractionDigits: 2 } as const
const WIDE = { width: '100%' } as const
/** More is refused by the server, too. */
const OUTPUT_MAX = 10_000

interface RectFieldsProps {
  readonly crop: Crop
  readonly onChange: (crop: Crop) => void
}

/** An emptied field is not a number: the side stays as it was. */
function RectFields({ crop, onChange }: RectFieldsProps) {
  const setRect = (side: keyof Crop['rect'], value: number): void => {
    if (Number.isNaN(value)) return
    onChange({ ...crop, rect: inPicture({ ...crop.rect, [side]: value }) })
  }
  const setSize = (side: 'width' | 'height', value: number): void => {
    if (!Number.isNaN(value)) onChange({ ...crop, [side]: Math.round(value) })
  }
  return (
    <div className={styles['numbers']}>
      {RECT.map(([side, label]) => (
        <NumberField
          key={side}
          label={label}
          formatOptions={SHARE}
          minValue={0}
          maxValue={1}
          value={crop.rect[side]}
          onChange={(value) => setRect(side, value)}
          UNSAFE_style={WIDE}
        />
      ))}
      {SIZE.map(([side, label]) => (
        <NumberField
          key={`output ${side}`}
          label={label}
          minValue={1}
          maxValue={OUTPUT_MAX}
          value={crop[side]}
          onChange={(value) => setSize(side, value)}
          UNSAFE_style={WIDE}
        />
      ))}
    </div>
  )
}
