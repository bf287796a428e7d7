import { ActionButton, Checkbox } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { nameOf } from '../../asset-names.ts'
import { Loading } from '../../parts/loading.tsx'
import { Notice } from '../../parts/notice.tsx'
import { queries } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import { count } from '../../words.ts'
import styles from './invalidation.module.css'

interface FolderPickerProps {
  readonly folder: string
  readonly onFolder: (folder: string) => void
  readonly picked: ReadonlySet<string>
  readonly onPick: (path: string, on: boolean) => void
  /** What stands below them: it waits for them, and so does not move away under the pointer. */
  readonly children: ReactNode
}

/** The folders below the one that is open, each to be chosen whole or to be opened. */
export function FolderPicker({ folder, onFolder, picked, onPick, children }: FolderPickerProps) {
  const project = useProjectId()
  const { data, isPending } = useQuery(queries.folders(project, folder))
  const below = data?.items ?? []
  const parent = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : ''
  if (isPending) return <Loading what="folders" />
  return (
    <>
      {folder === '' ? null : (
        <div className={styles['filter']}>
          <ActionButton size="S" onPress={() => onFolder(parent)}>
            Back
          </ActionButton>
          <strong>{folder}/</strong>
        </div>
      )}
      {below.length === 0 ? null : (
        <ul className={styles['pickList']} aria-label="Folders">
          {below.map(({ path, assets }) => (
            <li key={path}>
              <Checkbox isSelected={picked.has(path)} onChange={(on: boolean) => onPick(path, on)}>
                {`${nameOf(path)}/ (${count(assets, 'asset')})`}
              </Checkbox>
              <ActionButton
                isQuiet
                size="S"
                aria-label={`Open folder ${path}`}
                onPress={() => onFolder(path)}
              >
                Open
              </ActionButton>
            </li>
          ))}
        </ul>
      )}
      {picked.size === 0 ? null : (
        <Notice tone="caution" title="A folder goes with everything below it.">
          <p>
            {[...picked].map((path) => `${path}/`).join(', ')}: every asset in it and in the folders
            below, also those that did not change. If you know which ones changed, choose these
            assets instead: the caches keep the others.
          </p>
        </Notice>
      )}
      {children}
    </>
  )
}
