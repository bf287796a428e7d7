import { useQuery } from '@tanstack/react-query'
import { api } from '../../api.ts'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { keys, queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { bytes } from '../../words.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import styles from './settings.module.css'

/** What the modifiers make of one picture, through a real edge, while one types. */
export function PresetPreview({ modifiers }: { readonly modifiers: string }) {
  const here = useProject()
  const settled = useSettled(modifiers.trim())
  const { data: assets } = useQuery(
    queries.assets(here.id, { kind: 'image', published: 'true', limit: 1 }),
  )
  const asset = assets?.items[0]
  const node = here.project.edges[0]?.node
  const url =
    asset === undefined || asset.url === null || node === undefined || settled === ''
      ? null
      : `${asset.url}?${settled}`
  const shown = useQuery({
    queryKey: [...keys.presets(here.id), 'preview', url, asset?.version],
    queryFn: () => api.visit(here.id, url!, node!),
    enabled: url !== null,
  })
  if (url === null) return null
  if (shown.data === undefined) return <ProblemAlert error={shown.error} title="No preview." />
  const { status, sha256, contentType, bytes: size, detail } = shown.data
  if (status !== 200) {
    return <p className={styles['error']}>{detail ?? `The edge answers ${status}.`}</p>
  }
  return (
    <figure className={styles['preview']}>
      <img
        key={sha256}
        src={api.liveBytesAddress(here.id, url, node!)}
        alt={`${asset!.id} with these modifiers`}
      />
      <figcaption className={styles['quiet']}>
        {asset!.id}, {contentType}
        {size === null ? '' : `, ${bytes(size)}`}
      </figcaption>
    </figure>
  )
}
