import { useQuery } from '@tanstack/react-query'
import { queries } from '../queries.ts'
import { useProjectId } from '../use-project.ts'
import { localTime } from '../words.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './content-hash.module.css'

interface ContentHashProps {
  /** As in a delivery URL, without operations. */
  readonly path: string
  /** Says so when no image server has read it yet. */
  readonly always?: boolean
}

/** The hash of an original's bytes, to be used as `vh=`: a URL with it is new whenever the bytes are. */
export function ContentHash({ path, always = false }: ContentHashProps) {
  const project = useProjectId()
  const { data } = useQuery(queries.original(project, path))
  if (data === undefined) return null
  if (data === null) {
    return always ? (
      <span className={styles['quiet']}>
        vh= is known once somebody has asked for a picture of it.
      </span>
    ) : null
  }
  return (
    <span className={styles['hash']} title={`Seen ${localTime(data.seenAt)}`}>
      <code>vh={data.vh}</code>
      <CopyButton text={`vh=${data.vh}`} what={`vh of ${data.original}`} />
    </span>
  )
}
