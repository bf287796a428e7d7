import { ActionButton } from '@react-spectrum/s2'
import CheckmarkCircle from '@react-spectrum/s2/icons/CheckmarkCircle'
import CloseCircle from '@react-spectrum/s2/icons/CloseCircle'
import type { ProblemItem } from '../../../../src/contract/api/shapes.ts'
import { HashOf } from '../../parts/content-hash.tsx'
import styles from './invalidation.module.css'

interface OriginalVerdictProps {
  readonly entry: string
  readonly problem: ProblemItem | undefined
  readonly onCorrect: (form: string) => void
}

/** Green with the hash that is known of it, or red with the reason and, where there is one, the right form to take. */
export function OriginalVerdict({ entry, problem, onCorrect }: OriginalVerdictProps) {
  if (problem === undefined) {
    return (
      <li className={styles['right']}>
        <CheckmarkCircle aria-label="Correct" />
        <span className={styles['verdict']}>
          <code>{entry}</code>
          <HashOf path={entry} />
        </span>
      </li>
    )
  }
  const { reason, suggestion } = problem
  return (
    <li className={styles['wrong']}>
      <CloseCircle aria-label="Incorrect" />
      <span className={styles['verdict']}>
        <code>{entry}</code>
        <span>{reason}</span>
        {suggestion === undefined ? null : (
          <ActionButton
            size="S"
            aria-label={`Use ${suggestion} instead of ${entry}`}
            onPress={() => onCorrect(suggestion)}
          >
            {`Use ${suggestion}`}
          </ActionButton>
        )}
      </span>
    </li>
  )
}
