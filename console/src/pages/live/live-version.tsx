import { useQuery } from '@tanstack/react-query'
import type { Live } from '../../../../src/contract/api/live.ts'
import { ContentHash } from '../../parts/content-hash.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { versioned, vhOf } from '../../versioned.ts'
import styles from './live.module.css'

/** The current version of what is looked at, and the URL that names just it. */
export function LiveVersion({ live }: { readonly live: Live }) {
  const here = useProject()
  const original = useQuery({
    ...queries.original(here.id, live.original ?? ''),
    enabled: live.original !== null,
  })
  const current =
    live.asset === null
      ? original.data
      : { vh: vhOf(live.asset.hash), original: live.asset.id, seenAt: undefined }
  if (current === undefined) return null
  if (current === null) {
    return (
      <p className={styles['quiet']}>
        No image server has read {live.original} yet: its hash, to be used as vh=, is known once
        somebody has asked for it.
      </p>
    )
  }
  const { vh, original: of, seenAt } = current
  return (
    <p className={styles['version']}>
      Current version of {of}:{' '}
      <ContentHash vh={vh} of={of} {...(seenAt === undefined ? {} : { seenAt })} />
      <CopyButton
        text={versioned(live.url, vh)}
        what="URL of this version"
        label="Copy the URL with it"
      />
    </p>
  )
}
