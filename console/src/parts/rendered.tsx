import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api } from '../api.ts'
import { keys } from '../queries.ts'
import { useProjectId } from '../use-project.ts'
import { bytes } from '../words.ts'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './rendered.module.css'

interface RenderedProps {
  readonly asset: { readonly id: string; readonly version: number }
  /** What would stand behind `?`. */
  readonly modifiers: string
  readonly alt: string
}

/** What visitors would get with these modifiers: the very bytes that an image server makes, with their type and weight. */
export function Rendered({ asset, modifiers, alt }: RenderedProps) {
  const project = useProjectId()
  const picture = useQuery({
    queryKey: [...keys.assets(project), 'preview', asset.id, asset.version, modifiers],
    queryFn: ({ signal }) => api.previewPicture(project, asset.id, modifiers, signal),
    placeholderData: (before) => before,
    refetchOnWindowFocus: false,
  })
  const [url, setUrl] = useState<string | null>(null)
  const { data } = picture
  useEffect(() => {
    if (data === undefined) return undefined
    const made = URL.createObjectURL(data)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [data])
  if (picture.error !== null) return <ProblemAlert error={picture.error} title="No preview." />
  if (url === null || data === undefined) return <p className={styles['quiet']}>Being rendered…</p>
  return (
    <figure className={styles['rendered']} aria-busy={picture.isPlaceholderData}>
      <img src={url} alt={alt} />
      <figcaption className={styles['quiet']}>
        {data.type}, {bytes(data.size)}
      </figcaption>
    </figure>
  )
}
