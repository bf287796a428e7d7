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
import styles from './invalidation.module.css'

interface AssetPickerProps {
  readonly chosen: readonly string[]
  readonly onChosen: (assets: readonly string[]) => void
}

/** Chooses any number of assets, published or not, also over several searches. */
export function AssetPicker({ chosen, onChosen }: AssetPickerProps) {
  const project = useProjectId()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set(chosen))
  const [q, setQ] = useState('')
  const pages = useInfiniteQuery(queries.assetPages(project, { q }))
  const pick = (id: string, on: boolean): void => {
    const next = new Set(picked)
    if (on) next.add(id)
    else next.delete(id)
    setPicked(next)
  }
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
              <Loaded query={pages} what="assets">
                {(data) => (
                  <PickList
                    assets={data.pages.flatMap(({ items }) => items)}
                    picked={picked}
                    onPick={pick}
                  />
                )}
              </Loaded>
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
              onPress={() => {
                onChosen([...picked])
                close()
              }}
            >
              {picked.size === 0 ? 'Choose none' : `Choose ${count(picked.size, 'asset')}`}
            </Button>
          </ButtonGroup>
        </>
      )}
    </Dialog>
  )
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
          {asset.published ? null : <span className={styles['quiet']}>not published</span>}
        </li>
      ))}
    </ul>
  )
}
