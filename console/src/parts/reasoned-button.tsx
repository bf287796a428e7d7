import { Button } from '@react-spectrum/s2'
import type { ButtonProps } from '@react-spectrum/s2'
import { useId } from 'react'
import styles from './reasoned-button.module.css'

interface ReasonedButtonProps extends ButtonProps {
  /** Why it cannot be used now; null when it can. Shown beside it, because a disabled button cannot be hovered or focused. */
  readonly reason: string | null
}

export function ReasonedButton({ reason, ...rest }: ReasonedButtonProps) {
  const id = useId()
  return (
    <span className={styles['wrap']}>
      <Button
        {...rest}
        isDisabled={reason !== null}
        {...(reason === null ? {} : { 'aria-describedby': id })}
      />
      {reason === null ? null : (
        <span id={id} className={styles['reason']}>
          {reason}
        </span>
      )}
    </span>
  )
}
