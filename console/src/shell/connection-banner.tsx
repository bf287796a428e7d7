import { useSyncExternalStore } from 'react'
import { connection } from '../connection.ts'
import styles from './connection-banner.module.css'

/** Says that what one sees may be old; goes by itself when the server is back. */
export function ConnectionBanner() {
  const lost = useSyncExternalStore(connection.subscribe, connection.isLost)
  return (
    <div role="status" aria-live="polite">
      {lost ? (
        <p className={styles['banner']}>
          <strong>Connection lost.</strong> What you see may be old. Trying again; running
          invalidations go on without this page.
        </p>
      ) : null}
    </div>
  )
}
