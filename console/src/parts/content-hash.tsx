import { useQuery } from '@tanstack/react-query'
import { queries } from '../queries.ts'
import { useProjectId } from '../use-project.ts'
import { localTime } from '../words.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './content-hash.module.css'

interface ContentHashProps {
  readonly vh: string
  /** What it is the hash of. */
  readonly of: string
  readonly seenAt?: string
}

/** The hash of an original's bytes, to be used as `vh=`: a URL with it is new whenever the bytes are. */
export function ContentHash({ vh, of, seenAt }: ContentHashProps) {
  return (
    <span className={styles['hash']}>
      <code>vh={vh}</code>
      <CopyButton text={`vh=${vh}`} what={`vh of ${of}`} />
      {seenAt === undefined ? null : (
        <span className={styles['quiet']}>seen {localTime(seenAt)}</span>
      )}
    </span>
  )
}

/** The same of what a path names, as an image server last saw it; nothing where none has. `path`: as in a delivery URL, without operations. */
export function HashOf({ path }: { readonly path: string }) {
  const project = useProjectId()
  const { data } = useQuery(queries.original(project, path))
  if (data === undefined || data === null) return null
  return <ContentHash vh={data.vh} of={data.original} seenAt={data.seenAt} />
}
