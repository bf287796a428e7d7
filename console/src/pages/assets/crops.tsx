import { ActionButton, AlertDialog, Badge, DialogTrigger } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Asset, CropView } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Section } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { queries } from '../../queries.ts'
import { toastFailure } from '../../toast.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { CropForm, NEW_CROP } from './crop-form.tsx'
import type { EditedCrop } from './crop-form.tsx'
import { partOf } from './crop-rectangle.tsx'
import { refreshAssets } from './use-uploads.ts'
import styles from './crops.module.css'

const SECTION = 'smart-crops'

/** The smart crops of one asset, computed or set by hand: named parts of it, each with URLs of its own. */
export function Crops({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const crops = useQuery(queries.crops(here.id, asset.id))
  const [edited, setEdited] = useState<EditedCrop | null>(null)
  const opener = useRef<HTMLElement | null>(null)
  const edit = (crop: EditedCrop): void => {
    const focused = document.activeElement
    opener.current = focused instanceof HTMLElement ? focused : null
    setEdited(crop)
  }
  // Back to where the form was opened, so that a keyboard does not begin at the top again.
  useEffect(() => {
    if (edited !== null || opener.current === null) return
    const add = document.querySelector<HTMLElement>(`#${SECTION} header button`)
    ;(opener.current.isConnected ? opener.current : add)?.focus()
    opener.current = null
  }, [edited])
  return (
    <Section
      title="Smart crops"
      id={SECTION}
      intro={
        <>
          Named parts of the picture, found by what draws the eye, or set by hand. In URLs the name
          stands behind a colon, as in <code>{asset.id}:Small</code>.
        </>
      }
      actions={
        edited === null ? (
          <ReasonedButton
            variant="secondary"
            size="S"
            reason={mayReason(here, 'editAssets')}
            onPress={() => edit(NEW_CROP)}
          >
            Add crop
          </ReasonedButton>
        ) : undefined
      }
    >
      {edited === null ? null : (
        <CropForm key={edited.name} asset={asset} edited={edited} onDone={() => setEdited(null)} />
      )}
      <Loaded query={crops} what="smart crops">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="It has no smart crops.">
              <p>An admin sets sizes for all pictures in General Settings; Add crop makes one.</p>
            </Empty>
          ) : (
            <ul className={styles['crops']} aria-label="Smart crops">
              {items.map((crop) => (
                <OneCrop
                  key={crop.name}
                  asset={asset}
                  crop={crop}
                  isEdited={crop.name === edited?.name}
                  onEdit={() => edit(editable(crop))}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}

/** What could not be computed begins with the middle of the picture. */
function editable({ name, rect, width, height, computed }: CropView): EditedCrop {
  return { name, computed, crop: { rect: rect ?? NEW_CROP.crop.rect, width, height } }
}

interface OneCropProps {
  readonly asset: Asset
  readonly crop: CropView
  readonly isEdited: boolean
  readonly onEdit: () => void
}

function OneCrop({ asset, crop, isEdited, onEdit }: OneCropProps) {
  const here = useProject()
  const { name, rect, width, height, computed } = crop
  const url = asset.url === null ? null : `${asset.url}:${encodeURIComponent(name)}`
  return (
    <li className={styles['crop']} aria-current={isEdited || undefined}>
      <CutOut asset={asset} crop={crop} />
      <div className={styles['cropText']}>
        <p className={styles['cropName']}>
          <strong>{name}</strong>
          <Badge size="S" fillStyle="subtle" variant={computed ? 'neutral' : 'informative'}>
            {computed ? 'Computed' : 'Set by hand'}
          </Badge>
        </p>
        <p className={styles['quiet']}>
          {width} × {height} pixels.{' '}
          {rect === null
            ? 'It cannot be computed: the original is damaged or missing.'
            : `${partOf(rect)}.`}
        </p>
        <span className={styles['actions']}>
          {mayReason(here, 'editAssets') === null ? (
            <>
              <ActionButton size="S" aria-label={`Edit crop ${name}`} onPress={onEdit}>
                Edit
              </ActionButton>
              {computed ? null : <RemoveCrop asset={asset} name={name} />}
            </>
          ) : null}
          {url === null ? null : <CopyButton text={url} what={`URL of crop ${name}`} />}
        </span>
      </div>
    </li>
  )
}

/** The part in the crop's own shape, cut by the browser: nothing is rendered for a list. */
function CutOut({ asset, crop }: { readonly asset: Asset; readonly crop: CropView }) {
  const here = useProject()
  const { rect, width, height } = crop
  return (
    <div className={styles['cutOut']} aria-hidden="true">
      <div className={styles['cut']} style={{ aspectRatio: `${width} / ${height}` }}>
        {rect === null ? null : (
          <img
            src={api.contentAddress(here.id, asset.id, asset.version)}
            alt=""
            loading="lazy"
            style={{
              width: `${100 / rect.width}%`,
              height: `${100 / rect.height}%`,
              left: `${(-100 * rect.x) / rect.width}%`,
              top: `${(-100 * rect.y) / rect.height}%`,
            }}
          />
        )}
      </div>
    </div>
  )
}

interface RemoveCropProps {
  readonly asset: Asset
  readonly name: string
}

/** One that all pictures of the project have is computed again; one of its own is gone. */
function RemoveCrop({ asset, name }: RemoveCropProps) {
  const here = useProject()
  const { automaticInvalidation, smartCrops } = here.project
  const isShared = smartCrops.some((size) => size.name === name)
  const remove = useMutation({
    mutationFn: () => api.removeCrop(here.id, asset.id, name, !automaticInvalidation),
    onSuccess: () => refreshAssets(here.id),
    onError: toastFailure,
  })
  const verb = isShared ? 'Reset' : 'Delete'
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`${verb} crop ${name}`} isPending={remove.isPending}>
        {verb}
      </ActionButton>
      <AlertDialog
        variant={isShared ? 'confirmation' : 'destructive'}
        title={`${verb} crop ${name}?`}
        primaryActionLabel={verb}
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        {isShared
          ? `${name} is computed again from what draws the eye. What was served of this crop of ${asset.id} is invalidated, nothing else.`
          : `URLs that name it will be refused, and what was served of it is invalidated.`}
      </AlertDialog>
    </DialogTrigger>
  )
}
