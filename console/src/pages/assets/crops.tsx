import {
  ActionButton,
  AlertDialog,
  Button,
  DialogTrigger,
  NumberField,
  TextField,
} from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Asset, Crop } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { toastFailure } from '../../toast.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { Picture } from './picture.tsx'
import { refreshAssets } from './use-uploads.ts'
import styles from './crops.module.css'

interface NamedCrop {
  readonly name: string
  readonly crop: Crop
}

/** The middle half of the picture, at the size of Dynamic Media's small crop. */
const NEW: NamedCrop = {
  name: '',
  crop: { rect: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 }, width: 400, height: 400 },
}

/** The smart crops of one asset: named parts of it, each with URLs of its own. */
export function Crops({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const [edited, setEdited] = useState<NamedCrop | null>(null)
  const crops = Object.entries(asset.crops).map(([name, crop]) => ({ name, crop }))
  return (
    <Section
      title="Smart crops"
      intro="Named parts of the picture. In URLs the name stands behind a colon, as in flat:Small."
      actions={
        edited === null ? (
          <ReasonedButton
            variant="secondary"
            size="S"
            reason={roleReason(here, 'editor')}
            onPress={() => setEdited(NEW)}
          >
            Add crop
          </ReasonedButton>
        ) : undefined
      }
    >
      {edited === null ? null : (
        <CropForm key={edited.name} asset={asset} edited={edited} onDone={() => setEdited(null)} />
      )}
      {crops.length === 0 ? (
        edited === null ? (
          <Empty title="It has no smart crops." />
        ) : null
      ) : (
        <DataTable
          label="Smart crops"
          rows={crops}
          rowKey={(row) => row.name}
          columns={[
            { name: 'Name', cell: (row) => <strong>{row.name}</strong> },
            { name: 'Part of the picture', cell: (row) => partOf(row.crop) },
            { name: 'Size', cell: (row) => `${row.crop.width} × ${row.crop.height}` },
            {
              name: 'Actions',
              unnamed: true,
              narrow: true,
              cell: (row) =>
                here.can('editor') ? (
                  <span className={styles['actions']}>
                    <ActionButton
                      size="S"
                      aria-label={`Edit crop ${row.name}`}
                      onPress={() => setEdited(row)}
                    >
                      Edit
                    </ActionButton>
                    <RemoveCrop asset={asset} name={row.name} />
                  </span>
                ) : null,
            },
          ]}
        />
      )}
    </Section>
  )
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

function partOf({ rect }: Crop): string {
  return `${percent(rect.width)} × ${percent(rect.height)}, from ${percent(rect.x)} left and ${percent(rect.y)} top`
}

interface CropFormProps {
  readonly asset: Asset
  readonly edited: NamedCrop
  readonly onDone: () => void
}

function CropForm({ asset, edited, onDone }: CropFormProps) {
  const here = useProject()
  const [name, setName] = useState(edited.name)
  const [crop, setCrop] = useState(edited.crop)
  const save = useMutation({
    mutationFn: () => api.putCrop(here.id, asset.id, name.trim(), crop),
    onSuccess: async () => {
      await refreshAssets(here.id)
      onDone()
    },
  })
  return (
    <form className={styles['form']} onSubmit={(event) => (event.preventDefault(), save.mutate())}>
      <LeaveGuard changed={name !== edited.name || crop !== edited.crop} />
      <ProblemAlert error={save.error} title="The crop was not saved." />
      <div className={styles['editor']}>
        <CropPreview asset={asset} crop={crop} />
        <div className={styles['fields']}>
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            isReadOnly={edited.name !== ''}
            isRequired
            autoFocus={edited.name === ''}
            UNSAFE_style={{ width: '100%' }}
          />
          <RectFields crop={crop} onChange={setCrop} />
        </div>
      </div>
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

const SHARE = { style: 'percent', maximumFractionDigits: 1 } as const
const WIDE = { width: '100%' } as const

interface RectFieldsProps {
  readonly crop: Crop
  readonly onChange: (crop: Crop) => void
}

function RectFields({ crop, onChange }: RectFieldsProps) {
  return (
    <div className={styles['numbers']}>
      {RECT.map(([side, label]) => (
        <NumberField
          key={side}
          label={label}
          formatOptions={SHARE}
          minValue={0}
          maxValue={1}
          step={0.005}
          value={crop.rect[side]}
          onChange={(value) => onChange({ ...crop, rect: { ...crop.rect, [side]: value } })}
          UNSAFE_style={WIDE}
        />
      ))}
      {SIZE.map(([side, label]) => (
        <NumberField
          key={`output ${side}`}
          label={label}
          minValue={1}
          value={crop[side]}
          onChange={(value) => onChange({ ...crop, [side]: value })}
          UNSAFE_style={WIDE}
        />
      ))}
    </div>
  )
}

/** The whole picture in its own proportions, with the part marked. */
function CropPreview({ asset, crop }: { readonly asset: Asset; readonly crop: Crop }) {
  const here = useProject()
  const { x, y, width, height } = crop.rect
  return (
    <div
      className={styles['preview']}
      style={{ aspectRatio: `${asset.width ?? 4} / ${asset.height ?? 3}` }}
    >
      <Picture project={here.id} asset={asset} />
      <div
        className={styles['part']}
        style={{
          left: percent(x).replace(' ', ''),
          top: percent(y).replace(' ', ''),
          width: percent(width).replace(' ', ''),
          height: percent(height).replace(' ', ''),
        }}
      />
    </div>
  )
}

function RemoveCrop({ asset, name }: { readonly asset: Asset; readonly name: string }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removeCrop(here.id, asset.id, name),
    onSuccess: () => refreshAssets(here.id),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Delete crop ${name}`}>
        Delete
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Delete crop ${name}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        URLs that name it will be refused.
      </AlertDialog>
    </DialogTrigger>
  )
}
