import { ActionButton } from '@react-spectrum/s2'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Notice } from '../../parts/notice.tsx'
import styles from './people.module.css'

interface ShownOnceProps {
  readonly title: string
  readonly text: string
  readonly what: string
  readonly onHide: () => void
}

/** A secret that Sluice keeps no copy of. */
export function ShownOnce({ title, text, what, onHide }: ShownOnceProps) {
  return (
    <Notice
      tone="good"
      announce
      title={title}
      actions={
        <ActionButton isQuiet size="S" onPress={onHide}>
          Hide
        </ActionButton>
      }
    >
      <p>Copy it now. It is shown this once only.</p>
      <p className={styles['secret']}>
        <code>{text}</code>
        <CopyButton text={text} what={what} />
      </p>
    </Notice>
  )
}
