import { LinkButton } from '@react-spectrum/s2'
import { useRouter } from '@tanstack/react-router'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { useEffect } from 'react'
import { connection } from '../connection.ts'
import { ApiProblem } from '../problem.ts'
import { Empty } from '../parts/empty.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import styles from './shell.module.css'

export function NotFound() {
  return (
    <main className={styles['alone']}>
      <Empty title="There is no page at this address.">
        <p>The link may be misspelled.</p>
        <LinkButton href="/" variant="accent">
          Go to the start
        </LinkButton>
      </Empty>
    </main>
  )
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  useEffect(
    () =>
      connection.onRecovery(() => {
        reset()
        void router.invalidate()
      }),
    [reset, router],
  )
  if (error instanceof ApiProblem && error.status === 404) {
    return (
      <main className={styles['alone']}>
        <Empty title="This does not exist, or you may not see it.">
          <p>Ask whoever sent the link to add you to the project.</p>
          <LinkButton href="/" variant="accent">
            Go to the start
          </LinkButton>
        </Empty>
      </main>
    )
  }
  return (
    <main className={styles['alone']}>
      <ProblemAlert error={error} />
      <p>Load the page again. If that does not help, the log of the server tells more.</p>
    </main>
  )
}
