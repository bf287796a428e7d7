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
      onClick={(event) => {
        focusNeighbour(event.currentTarget)
        onPress()
      }}
    >
      <span aria-hidden="true">✕</span>
    </button>
  )
}

/** The row is about to go: its neighbour takes the focus, so that a keyboard can go on removing. */
export function focusNeighbour(button: Element): void {
  const row = button.closest('li')
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling
  neighbour?.querySelector<HTMLElement>('button[aria-label^="Remove "]')?.focus()
}
