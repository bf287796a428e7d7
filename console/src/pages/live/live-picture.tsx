import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { LiveCopy } from '../../../../src/contract/api/live.ts'
import { api } from '../../api.ts'
import { keys } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import styles from './live.module.css'

interface LivePictureProps {
  readonly copy: LiveCopy
  readonly url: string
}

/** The bytes that an edge holds, fetched again only when they are others than before. */
export function LivePicture({ copy, url }: LivePictureProps) {
  const project = useProjectId()
  const held = copy.sha256 !== null
  const picture = useQuery({
    queryKey: [...keys.project(project), 'bytes', url, copy.node, copy.sha256],
    queryFn: ({ signal }) => fetchBytes(project, url, copy.node, signal),
    enabled: held,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const source = useObjectUrl(held ? picture.data : undefined)
  if (source === null) {
    return (
      <div className={styles['nothing']}>
        {held ? 'Loading its bytes…' : copy.verdict === 'absent' ? 'No copy' : 'No picture'}
      </div>
    )
  }
  if (!(copy.contentType ?? '').startsWith('image/')) {
    return <div className={styles['nothing']}>{copy.contentType}</div>
  }
  return <img className={styles['picture']} src={source} alt={`The copy that ${copy.node} holds`} />
}

async function fetchBytes(
  project: string,
  url: string,
  node: string,
  signal: AbortSignal,
): Promise<Blob | null> {
  const answer = await fetch(api.liveBytesAddress(project, url, node), {
    cache: 'no-store',
    signal,
  })
  return answer.ok ? await answer.blob() : null
}

function useObjectUrl(blob: Blob | null | undefined): string | null {
  const [source, setSource] = useState<string | null>(null)
  useEffect(() => {
    if (blob === null || blob === undefined) {
      setSource(null)
      return undefined
    }
    const made = URL.createObjectURL(blob)
    setSource(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return source
}
