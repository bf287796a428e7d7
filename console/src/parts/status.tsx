import { StatusLight } from '@react-spectrum/s2'
import { isFinal } from '../../../src/contract/invalidation.ts'
import type { InvalidationStatus } from '../../../src/contract/invalidation.ts'
import { Explained } from './explained.tsx'

type Tone = 'positive' | 'negative' | 'neutral' | 'informative' | 'notice'

function toneOf(status: InvalidationStatus): Tone {
  if (status === 'Done') return 'positive'
  if (status === 'ERROR' || status === 'ERROR_CDN_NODE') return 'negative'
  if (status === 'Cancelled') return 'neutral'
  if (status === 'Scheduled') return 'notice'
  return 'informative'
}

/** What each status says, for people who see it for the first time. */
export const STATUS_MEANINGS = {
  Scheduled: 'It waits for its time. Nothing is invalidated yet, and you can still cancel it.',
  Received: 'It is stored, and survives a crash.',
  Preparing: 'It enters the purge log and gets its number.',
  'Flushing resizing servers': 'The image servers forget what is old.',
  'Flushing CDN servers': 'Edges and other CDNs forget what is old.',
  Verifying: 'Sluice looks at what the caches hold now.',
  Done: 'No cache that Sluice runs serves bytes that were read before it was asked.',
  ERROR_CDN_NODE: 'The CDN step failed. The reason says where. Retry runs what failed again.',
  ERROR: 'Another step failed. The reason says which. Retry runs it again.',
  Cancelled: 'Somebody cancelled it before its time. Nothing was invalidated.',
} satisfies Record<InvalidationStatus, string>

/** A status, and what it means on hover and focus. */
export function StatusOf({ status }: { readonly status: InvalidationStatus }) {
  return (
    <Explained meaning={STATUS_MEANINGS[status]}>
      <StatusLight size="S" variant={toneOf(status)}>
        {status}
      </StatusLight>
    </Explained>
  )
}

export function isError(status: InvalidationStatus): boolean {
  return status === 'ERROR' || status === 'ERROR_CDN_NODE'
}

export function isRunning(status: InvalidationStatus): boolean {
  return !isFinal(status) && status !== 'Scheduled'
}
