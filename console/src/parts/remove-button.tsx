import styles from './remove-button.module.css'

interface RemoveButtonProps {
  readonly what: string
  readonly onPress: () => void
}

/** X beside a row. A plain button: there may be thousands of them. */
export function RemoveButton({ what, onPress }: RemoveButtonProps) {
  return (
    <button
      type="button"
      className={styles['remove']}
      aria-label={`Remove ${what}`}
      onClick={onPress}
    >
      <span aria-hidden="true">✕</span>
    </button>
  )
}
