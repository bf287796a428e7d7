import AlertTriangle from '@react-spectrum/s2/icons/AlertTriangle'
import CheckmarkCircle from '@react-spectrum/s2/icons/CheckmarkCircle'
import InfoCircle from '@react-spectrum/s2/icons/InfoCircle'
import type { ReactNode } from 'react'
import styles from './notice.module.css'

const ICONS = {
  info: InfoCircle,
  good: CheckmarkCircle,
  caution: AlertTriangle,
  bad: AlertTriangle,
} as const

interface NoticeProps {
  readonly tone: keyof typeof ICONS
  readonly title?: ReactNode
  readonly actions?: ReactNode
  /** Spoken at once by a screen reader. */
  readonly announce?: boolean
  readonly children?: ReactNode
}

/** A message in the page. Its tone is told by an icon and words, never by colour alone. */
export function Notice({ tone, title, actions, announce, children }: NoticeProps) {
  const Icon = ICONS[tone]
  const role = announce === true ? (tone === 'bad' ? 'alert' : 'status') : undefined
  return (
    <div className={`${styles['notice']} ${styles[tone]}`} role={role}>
      <span className={styles['icon']} aria-hidden="true">
        <Icon />
      </span>
      <div className={styles['text']}>
        {title === undefined ? null : <p className={styles['title']}>{title}</p>}
        {children}
      </div>
      {actions === undefined ? null : <div className={styles['actions']}>{actions}</div>}
    </div>
  )
}
