import { Button, ProgressCircle } from '@react-spectrum/s2'
import type { ReactNode } from 'react'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './empty.module.css'

export function Loading({ what }: { readonly what: string }) {
  return (
    <div className={styles['empty']}>
      <ProgressCircle isIndeterminate aria-label={`Loading ${what}`} />
    </div>
  )
}

interface LoadedProps<T> {
  readonly query: {
    readonly data: T | undefined
    readonly error: unknown
    readonly isFetching: boolean
    readonly refetch: () => unknown
  }
  /** What is loading, for a screen reader. */
  readonly what: string
  readonly children: (data: T) => ReactNode
}

/** Shows what a query brought. What was once loaded stays in view while a later attempt fails. */
export function Loaded<T>({ query, what, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error !== null) {
    return (
      <>
        <ProblemAlert error={query.error} />
        <div>
          <Button
            variant="secondary"
            size="S"
            isPending={query.isFetching}
            onPress={() => void query.refetch()}
          >
            Try again
          </Button>
        </div>
      </>
    )
  }
  return <Loading what={what} />
}
