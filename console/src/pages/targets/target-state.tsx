import { StatusLight } from '@react-spectrum/s2'
import type { Target } from '../../../../src/contract/api/targets.ts'

export function StateOf({ target }: { readonly target: Target }) {
  return target.paused ? (
    <StatusLight size="S" variant="notice">
      Paused
    </StatusLight>
  ) : (
    <StatusLight size="S" variant="positive">
      Asked
    </StatusLight>
  )
}
