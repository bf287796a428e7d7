import {
  Button,
  ButtonGroup,
  Checkbox,
  Content,
  Dialog,
  Heading,
  SearchField,
} from '@react-spectrum/s2'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { queries } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import { count } from '../../words.ts'
import { Picture } from '../assets/picture.tsx'
import { FolderPicker } from './folder-picker.tsx'
import styles from './invalidation.module.css'

export interface Picked {
  readonly assets: readonly string[]
  readonly folders: readonly string[]
}

interface AssetPickerProps {
  readonly chosen: Picked
  readonly onChosen: (picked: Picked) => void
}

/** Chooses any number of assets, published or not, and folders, also over several searches. */
export function AssetPicker({ chosen, onChosen }: AssetPickerProps) {
  const project = useProjectId()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set(chosen.assets))
  const [folders, setFolders] = useState<ReadonlySet<string>>(new Set(chosen.folders))
  const [folder, setFolder] = useState('')
  const [q, setQ] = useState('')
  const pages = useInfiniteQuery(queries.assetPages(project, { q, folder }))
  return (
    <Dialog size="L">
      {({ close }) => (
        <>
          <Heading slot="title">Add Assets</Heading>
          <Content>
            <div className={styles['picker']}>
              <SearchField
                aria-label="Search assets"
                placeholder="Search by name"
                value={q}
                onChange={setQ}
                autoFocus
              />
              <FolderPicker
                folder={folder}
                onFolder={setFolder}
                picked={folders}
                onPick={(path, on) => setFolders(changed(folders, path, on))}
              >
                <Loaded query={pages} what="assets">
                  {(data) => (
                    <PickList
                      assets={data.pages.flatMap(({ items }) => items)}
                      picked={picked}
                      onPick={(id, on) => setPicked(changed(picked, id, on))}
                    />
                  )}
                </Loaded>
              </FolderPicker>
              {pages.hasNextPage ? (
                <Button variant="secondary" size="S" onPress={() => void pages.fetchNextPage()}>
                  Show more
                </Button>
              ) : null}
            </div>
          </Content>
          <ButtonGroup>
            <Button variant="secondary" onPress={close}>
              Cancel
            </Button>
            <Button
              variant="accent"
              isDisabled={
                picked.size + folders.size + chosen.assets.length + chosen.folders.length === 0
              }
              onPress={() => {
                onChosen({ assets: [...picked], folders: [...folders] })
                close()
              }}
            >
              {chooseWords(picked.size, folders.size, chosen)}
            </Button>
          </ButtonGroup>
        </>
      )}
    </Dialog>
  )
}

function chooseWords(assets: number, folders: number, before: Picked): string {
  const parts = [
    ...(assets === 0 ? [] : [count(assets, 'asset')]),
    ...(folders === 0 ? [] : [count(folders, 'folder')]),
  ]
  if (parts.length > 0) return `Choose ${parts.join(' and ')}`
  return before.assets.length + before.folders.length > 0 ? 'Choose none' : 'Choose'
}

function changed(set: ReadonlySet<string>, one: string, on: boolean): ReadonlySet<string> {
  const next = new Set(set)
  if (on) next.add(one)
  else next.delete(one)
  return next
}

interface PickListProps {
  readonly assets: readonly Asset[]
  readonly picked: ReadonlySet<string>
  readonly onPick: (id: string, on: boolean) => void
}

function PickList({ assets, picked, onPick }: PickListProps) {
  const project = useProjectId()
  if (assets.length === 0) return <Empty title="No asset fits." />
  return (
    <ul className={styles['pickList']} aria-label="Assets">
      {assets.map((asset) => (
        <li key={asset.id}>
          <span className={styles['thumb']} aria-hidden="true">
            <Picture project={project} asset={asset} />
          </span>
          <Checkbox
            isSelected={picked.has(asset.id)}
            onChange={(on: boolean) => onPick(asset.id, on)}
          >
            {asset.id}
          </Checkbox>
          <StateWords asset={asset} />
        </li>
      ))}
    </ul>
  )
}

function StateWords({ asset }: { readonly asset: Asset }) {
  if (asset.notDelivered !== null) {
    return <span className={styles['never']}>Never delivered: {asset.notDelivered}</span>
  }
  return asset.published ? null : <span className={styles['quiet']}>not published</span>
}
