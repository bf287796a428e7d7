import {
  ActionButton,
  ActionMenu,
  Badge,
  Button,
  Checkbox,
  FileTrigger,
  MenuItem,
  Text,
} from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { DragEvent } from 'react'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import type { Preset } from '../../../../src/contract/api/projects.ts'
import { DEMO_IDS } from '../../../../src/contract/demo-ids.ts'
import { api } from '../../api.ts'
import { nameOf } from '../../asset-names.ts'
import { AppLink } from '../../parts/app-link.tsx'
import { paths } from '../../paths.ts'
import { replaced } from '../../replaced.ts'
import { mayReason, useProject } from '../../use-project.ts'
import type { ProjectHere } from '../../use-project.ts'
import { bytes } from '../../words.ts'
import { CopyUrl } from './copy-url.tsx'
import { Picture } from './picture.tsx'
import { toastFailure } from '../../toast.ts'
import { refreshAssets, tellStillShown } from './use-uploads.ts'
import styles from './assets.module.css'

interface AssetCardProps {
  readonly asset: Asset
  readonly presets: readonly Preset[]
  /** Why it cannot be replaced. */
  readonly reason: string | null
  readonly isSelected: boolean
  readonly onSelect: (on: boolean) => void
  readonly onReplace: (file: File) => void
}

/** One asset: what it is, its state, and what one does with it most. */
export function AssetCard(props: AssetCardProps) {
  const { asset, presets, reason, isSelected, onSelect, onReplace } = props
  const here = useProject()
  const [over, setOver] = useState(false)
  const onDrop = (event: DragEvent): void => {
    setOver(false)
    const file = event.dataTransfer.files[0]
    if (reason !== null || file === undefined) return
    event.preventDefault()
    onReplace(file)
  }
  return (
    <li
      className={`${styles['card']} ${over ? styles['cardOver'] : ''} ${isSelected ? styles['cardSelected'] : ''}`}
      onDragEnter={() => setOver(reason === null)}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDragOver={(event) => reason === null && event.preventDefault()}
      onDrop={onDrop}
    >
      <AppLink href={paths.asset(here.id, asset.id)} className={styles['preview']} tabIndex={-1}>
        <Picture project={here.id} asset={asset} />
        {over ? <span className={styles['dropHint']}>Replace {nameOf(asset.id)}</span> : null}
      </AppLink>
      <div className={styles['select']}>
        <Checkbox
          aria-label={`Select ${asset.id}`}
          isSelected={isSelected}
          onChange={(on: boolean) => onSelect(on)}
        />
      </div>
      <div className={styles['cardText']}>
        <AppLink href={paths.asset(here.id, asset.id)} className={styles['cardName']}>
          {asset.id}
        </AppLink>
        <p className={styles['meta']}>
          Version {asset.version}, {describe(asset)}
        </p>
        <PublishState asset={asset} />
      </div>
      <div className={styles['cardActions']}>
        <DemoButton asset={asset} />
        <CopyUrl asset={asset} presets={presets} />
        <CardMenu asset={asset} reason={reason} onReplace={onReplace} />
      </div>
    </li>
  )
}

/** Whether visitors get it at all. */
export function PublishState({ asset }: { readonly asset: Asset }) {
  if (asset.notDelivered !== null) {
    return (
      <Badge size="S" fillStyle="subtle" variant="notice">
        Never delivered
      </Badge>
    )
  }
  return (
    <Badge size="S" fillStyle="subtle" variant={asset.published ? 'positive' : 'neutral'}>
      {asset.published ? 'Published' : 'Not published'}
    </Badge>
  )
}

export function describe(asset: Asset): string {
  const size = bytes(asset.bytes)
  return asset.width === null ? size : `${asset.width} × ${asset.height}, ${size}`
}

/** Puts in the demo's other drawing, so that no file is needed to try. */
export function DemoButton({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const replace = useMutation({
    mutationFn: async () => {
      await visitEdges(here, asset)
      return api.demoReplace(here.id, asset.id)
    },
    onSuccess: async () => {
      await refreshAssets(here.id)
      replaced.add(here.id, asset.id)
    },
    onError: toastFailure,
  })
  // A viewer is told beside Upload what he may not do; here it would be said on every card.
  if (!here.project.demo || mayReason(here, 'editAssets') !== null) return null
  if (!DEMO_IDS.some((id) => id === asset.id)) return null
  return (
    <Button
      variant="secondary"
      size="S"
      aria-label={`${demoLabel(asset)} of ${asset.id}`}
      isPending={replace.isPending}
      onPress={() => replace.mutate()}
    >
      {demoLabel(asset)}
    </Button>
  )
}

/** A demo has no visitors: without this no edge would hold the version that is about to be the old one. */
async function visitEdges({ id, project }: ProjectHere, { url, published }: Asset): Promise<void> {
  if (url === null || !published) return
  await Promise.allSettled(project.edges.map(({ node }) => api.visit(id, url, node)))
}

/** The demo has two drawings of each picture, and changes between them. */
function demoLabel(asset: Asset): string {
  return asset.version % 2 === 1 ? 'Put in version 2' : 'Put version 1 back in'
}

function CardMenu({
  asset,
  reason,
  onReplace,
}: Pick<AssetCardProps, 'asset' | 'reason' | 'onReplace'>) {
  const here = useProject()
  const router = useRouter()
  const opener = useRef<HTMLButtonElement | null>(null)
  const publish = useMutation({
    mutationFn: () => api.patchAsset(here.id, asset.id, { published: !asset.published }),
    onSuccess: async () => {
      if (asset.published) tellStillShown(here, asset.id, acts.invalidate)
      await refreshAssets(here.id)
    },
    onError: toastFailure,
  })
  const acts = {
    invalidate: () => router.history.push(paths.invalidate(here.id, { assets: asset.id })),
    live: () => router.history.push(paths.live(here.id, { asset: asset.id })),
    replace: () => opener.current?.click(),
    publish: () => publish.mutate(),
  }
  return (
    <>
      <ActionMenu
        isQuiet
        size="S"
        align="end"
        aria-label={`More actions for ${asset.id}`}
        disabledKeys={reason === null ? [] : ['replace', 'publish']}
        onAction={(key) => acts[key as keyof typeof acts]()}
      >
        <MenuItem id="invalidate">Invalidate</MenuItem>
        <MenuItem id="live">Live view</MenuItem>
        <MenuItem id="replace" textValue="Replace">
          <Text slot="label">Replace with a file</Text>
          {reason === null ? null : <Text slot="description">{reason}</Text>}
        </MenuItem>
        <MenuItem id="publish" textValue={asset.published ? 'Unpublish' : 'Publish'}>
          <Text slot="label">{asset.published ? 'Unpublish' : 'Publish'}</Text>
          {reason === null ? null : <Text slot="description">{reason}</Text>}
        </MenuItem>
      </ActionMenu>
      <span hidden>
        <FileTrigger onSelect={(files) => files?.[0] !== undefined && onReplace(files[0])}>
          <ActionButton ref={(ref) => void (opener.current = ref?.UNSAFE_getDOMNode() ?? null)}>
            Replace
          </ActionButton>
        </FileTrigger>
      </span>
    </>
  )
}
