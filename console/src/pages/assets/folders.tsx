import { useQuery } from '@tanstack/react-query'
import Folder from '@react-spectrum/s2/icons/Folder'
import { AppLink } from '../../parts/app-link.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import { count } from '../../words.ts'
import { nameOf } from '../../asset-names.ts'
import styles from './assets.module.css'

interface FoldersProps {
  readonly folder: string
  readonly onFolder: (folder: string) => void
}

/** Where one is, the folders below, and the way to invalidate a whole folder. */
export function Folders({ folder, onFolder }: FoldersProps) {
  const project = useProjectId()
  const { data } = useQuery(queries.folders(project, folder))
  const below = data?.items ?? []
  if (folder === '' && below.length === 0) return null
  const parts = folder === '' ? [] : folder.split('/')
  return (
    <div className={styles['folders']}>
      {folder === '' ? null : (
        <nav aria-label="Folder" className={styles['crumbs']}>
          <button type="button" className={styles['crumb']} onClick={() => onFolder('')}>
            All assets
          </button>
          {parts.map((part, at) => (
            <span key={at}>
              <span aria-hidden="true"> / </span>
              <button
                type="button"
                className={styles['crumb']}
                onClick={() => onFolder(parts.slice(0, at + 1).join('/'))}
              >
                {part}
              </button>
            </span>
          ))}
          <AppLink href={paths.invalidate(project, { folders: folder })}>
            Invalidate this folder
          </AppLink>
        </nav>
      )}
      {below.length === 0 ? null : (
        <ul className={styles['folderList']} aria-label="Folders">
          {below.map(({ path, assets }) => (
            <li key={path}>
              <button type="button" className={styles['folder']} onClick={() => onFolder(path)}>
                <span aria-hidden="true" className={styles['folderIcon']}>
                  <Folder />
                </span>
                <span>
                  <strong>{nameOf(path)}</strong> <span>{count(assets, 'asset')}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
