import {
  Button,
  FileTrigger,
  LinkButton,
  Picker,
  PickerItem,
  ProgressBar,
  SearchField,
} from '@react-spectrum/s2'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { DragEvent } from 'react'
import { idOfFile } from '../../asset-names.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Notice } from '../../parts/notice.tsx'
import { OldCopies } from '../../parts/old-copies.tsx'
import { Page, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { replaced, useReplaced } from '../../replaced.ts'
import { mayReason, useAddressState, useProject } from '../../use-project.ts'
import type { ProjectHere } from '../../use-project.ts'
import { AssetCard } from './asset-card.tsx'
import { Folders } from './folders.tsx'
import { FolderProblems } from './folder-problems.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { useUploads } from './use-uploads.ts'
import type { Uploads } from './use-uploads.ts'
import styles from './assets.module.css'

/** Why nothing can be uploaded, replaced or deleted here; null when it can. */
export function writeReason(here: ProjectHere): string | null {
  const folder = here.project.readOnlySource
  if (folder !== null) {
    return `The assets are files of ${folder.path}, which Sluice only reads. Change them there; Sluice sees it within a second.`
  }
  return mayReason(here, 'editAssets')
}

export function AssetsPage() {
  const here = useProject()
  const uploads = useUploads(here.id)
  const [folder, setFolder] = useAddressState('folder')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const select = (id: string, on: boolean): void => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    setSelected(next)
  }
  const reason = writeReason(here)
  const sendFiles = (files: readonly File[]): void =>
    uploads.send(files.map((file) => ({ id: idOfFile(file.name, folder), file })))
  return (
    <Page
      title="Assets"
      intro={
        reason === null
          ? 'Drop files here to upload them, or on a picture to replace it.'
          : undefined
      }
      actions={
        <>
          {selected.size > 0 ? null : (
            <LinkButton href={paths.classic(here.id)} variant="secondary">
              Invalidate CDN
            </LinkButton>
          )}
          <UploadButton reason={reason} onFiles={sendFiles} />
        </>
      }
    >
      <Messages project={here.id} uploads={uploads} />
      {here.project.readOnlySource === null ? null : <FolderProblems project={here.id} />}
      <DropArea isOff={reason !== null} onFiles={sendFiles}>
        <Stack>
          <Filters />
          <Folders folder={folder} onFolder={setFolder} />
          <Cards
            folder={folder}
            uploads={uploads}
            reason={reason}
            selected={selected}
            onSelect={select}
            onSelected={setSelected}
          />
        </Stack>
      </DropArea>
    </Page>
  )
}

interface UploadButtonProps {
  readonly reason: string | null
  readonly onFiles: (files: readonly File[]) => void
}

function UploadButton({ reason, onFiles }: UploadButtonProps) {
  if (reason !== null) {
    return (
      <ReasonedButton variant="accent" reason={reason}>
        Upload
      </ReasonedButton>
    )
  }
  return (
    <FileTrigger allowsMultiple onSelect={(files) => files !== null && onFiles([...files])}>
      <Button variant="accent">Upload</Button>
    </FileTrigger>
  )
}

function Messages({ project, uploads }: { readonly project: string; readonly uploads: Uploads }) {
  const messages = useReplaced(project)
  const place = useRef<HTMLDivElement>(null)
  const newest = messages[0]?.asset
  const amount = messages.length
  // A card far below may have been replaced: the message on it must be seen.
  useEffect(() => {
    if (amount > 0) place.current?.scrollIntoView({ block: 'nearest' })
  }, [newest, amount])
  return (
    <div ref={place} className={styles['messages']}>
      {uploads.running.length === 0 ? null : <Uploading uploads={uploads} />}
      {uploads.failed.map(({ id, error }) => (
        <ProblemAlert key={id} title={`${id} was not uploaded.`} error={error} />
      ))}
      {messages.map(({ asset, invalidation }) => (
        <OldCopies
          key={asset}
          asset={asset}
          invalidation={invalidation}
          always
          onClose={() => replaced.forget(project, asset)}
        />
      ))}
    </div>
  )
}

function Uploading({ uploads: { running, sent } }: { readonly uploads: Uploads }) {
  const [first, ...waiting] = running
  return (
    <Notice tone="info" title={`Uploading ${first}`} announce>
      <ProgressBar
        label={sent < 1 ? 'Sent' : 'Sent, being read'}
        value={sent * 100}
        UNSAFE_style={{ width: '100%' }}
      />
      {waiting.length === 0 ? null : <p>Then {waiting.join(', ')}.</p>}
    </Notice>
  )
}

interface DropAreaProps extends UploadButtonFiles {
  readonly isOff: boolean
  readonly children: React.ReactNode
}
interface UploadButtonFiles {
  readonly onFiles: (files: readonly File[]) => void
}

/** Files dropped anywhere but on a card are new assets. */
function DropArea({ isOff, onFiles, children }: DropAreaProps) {
  const [over, setOver] = useState(false)
  const onDragOver = (event: DragEvent): void => {
    if (isOff || !event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(true)
  }
  const onDrop = (event: DragEvent): void => {
    setOver(false)
    if (isOff || event.defaultPrevented || event.dataTransfer.files.length === 0) return
    event.preventDefault()
    onFiles([...event.dataTransfer.files])
  }
  return (
    <div
      className={`${styles['drop']} ${over ? styles['dropOver'] : ''}`}
      onDragOver={onDragOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={onDrop}
    >
      {children}
    </div>
  )
}

const KINDS = { image: 'Images', video: 'Videos', document: 'Documents', other: 'Other files' }

function Filters() {
  const [q, setQ] = useAddressState('q')
  const [kind, setKind] = useAddressState('kind')
  const [published, setPublished] = useAddressState('published')
  return (
    <div className={styles['filters']}>
      <SearchField
        aria-label="Search assets"
        placeholder="Search by name"
        value={q}
        onChange={setQ}
      />
      <Picker
        aria-label="Kind"
        selectedKey={kind === '' ? 'all' : kind}
        onSelectionChange={(key) => setKind(key === 'all' ? '' : String(key))}
      >
        <PickerItem id="all">All kinds</PickerItem>
        <PickerItem id="image">{KINDS.image}</PickerItem>
        <PickerItem id="video">{KINDS.video}</PickerItem>
        <PickerItem id="document">{KINDS.document}</PickerItem>
        <PickerItem id="other">{KINDS.other}</PickerItem>
      </Picker>
      <Picker
        aria-label="Publish state"
        selectedKey={published === '' ? 'all' : published}
        onSelectionChange={(key) => setPublished(key === 'all' ? '' : String(key))}
      >
        <PickerItem id="all">Published or not</PickerItem>
        <PickerItem id="true">Published</PickerItem>
        <PickerItem id="false">Not published</PickerItem>
      </Picker>
    </div>
  )
}

interface CardsProps {
  readonly folder: string
  readonly uploads: Uploads
  readonly reason: string | null
  readonly selected: ReadonlySet<string>
  readonly onSelect: (id: string, on: boolean) => void
  readonly onSelected: (ids: ReadonlySet<string>) => void
}

function Cards({ folder, uploads, reason, selected, onSelect, onSelected }: CardsProps) {
  const here = useProject()
  const [q] = useAddressState('q')
  const [kind] = useAddressState('kind')
  const [published] = useAddressState('published')
  const pages = useInfiniteQuery(queries.assetPages(here.id, { q, folder, kind, published }))
  const { data: presets } = useQuery(queries.presets(here.id))
  const filtered = q !== '' || kind !== '' || published !== ''
  return (
    <Loaded query={pages} what="assets">
      {({ pages: loaded }) => {
        const assets = loaded.flatMap(({ items }) => items)
        const ids = assets.map(({ id }) => id)
        const bar =
          selected.size === 0 ? null : (
            <SelectionBar
              ids={[...selected]}
              reason={reason}
              onClear={() => onSelected(new Set())}
              shown={ids.length}
              onAll={
                ids.every((id) => selected.has(id))
                  ? null
                  : () => onSelected(new Set([...selected, ...ids]))
              }
            />
          )
        if (assets.length === 0) {
          return (
            <>
              {bar}
              <NoAssets filtered={filtered} reason={reason} />
            </>
          )
        }
        return (
          <>
            {bar}
            <ul className={styles['cards']} aria-label="Assets">
              {assets.map((asset) => (
                <AssetCard
                  key={asset.id}
                  asset={asset}
                  presets={presets?.items ?? []}
                  reason={reason}
                  isSelected={selected.has(asset.id)}
                  onSelect={(on) => onSelect(asset.id, on)}
                  onReplace={(file) => uploads.send([{ id: asset.id, file }])}
                />
              ))}
            </ul>
            {pages.hasNextPage ? (
              <Button
                variant="secondary"
                isPending={pages.isFetchingNextPage}
                onPress={() => void pages.fetchNextPage()}
              >
                Show more
              </Button>
            ) : null}
          </>
        )
      }}
    </Loaded>
  )
}

function NoAssets({
  filtered,
  reason,
}: {
  readonly filtered: boolean
  readonly reason: string | null
}) {
  if (filtered) {
    return (
      <Empty title="No asset fits.">
        <p>Search for a part of the name, or take the filters away.</p>
      </Empty>
    )
  }
  return (
    <Empty title="No assets here yet.">
      <p>
        {reason ?? 'Drop files here, or press Upload. Pictures, videos and documents all work.'}
      </p>
    </Empty>
  )
}
