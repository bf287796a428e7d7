import FileIcon from '@react-spectrum/s2/icons/File'
import FileText from '@react-spectrum/s2/icons/FileText'
import Video from '@react-spectrum/s2/icons/Video'
import { useState } from 'react'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import styles from './assets.module.css'

const ICONS = { image: FileIcon, video: Video, document: FileText, other: FileIcon } as const

/** An asset's current bytes as a picture; a sign for what a browser cannot show as one. */
interface PictureProps {
  readonly project: string
  readonly asset: Asset
  /** The whole original instead of a thumbnail. */
  readonly large?: boolean
}

export function Picture({ project, asset, large = false }: PictureProps) {
  const [failed, setFailed] = useState<string | null>(null)
  const address = large ? api.contentAddress : api.thumbnailAddress
  if (asset.kind === 'image' && failed !== asset.hash) {
    return (
      <img
        className={styles['picture']}
        src={address(project, asset.id, asset.version)}
        alt={`${asset.id}, version ${asset.version}`}
        loading="lazy"
        decoding="async"
        onError={() => setFailed(asset.hash)}
      />
    )
  }
  const Icon = ICONS[asset.kind]
  return (
    <span className={styles['sign']}>
      <Icon aria-hidden="true" />
      <span>{asset.mediaType}</span>
    </span>
  )
}
