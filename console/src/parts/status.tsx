import { StatusLight } from '@react-spectrum/s2'
import { isFinal } from '../../../src/contract/invalidation.ts'
import type { InvalidationStatus } from '../../../src/contract/invalidation.ts'

type Tone = 'positive' | 'negative' | 'neutral' | 'informative' | 'notice'

function toneOf(status: InvalidationStatus): Tone {
  if (status === 'Done') return 'positive'
  if (status === 'ERROR' || status === 'ERROR_CDN_NODE') return 'negative'
  if (status === 'Cancelled') return 'neutral'
  if (status === 'Scheduled') return 'notice'
  return 'informative'
}

export function StatusOf({ status }: { readonly status: InvalidationStatus }) {
  return (
    <StatusLight size="S" variant={toneOf(status)}>
      {status}
    </StatusLight>
  )
}

export function isError(status: InvalidationStatus): boolean {
  return status === 'ERROR' || status === 'ERROR_CDN_NODE'
}

export function isRunning(status: InvalidationStatus): boolean {
  return !isFinal(status) && status !== 'Scheduled'
}
