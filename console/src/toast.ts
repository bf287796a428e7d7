import { ToastQueue } from '@react-spectrum/s2'
import { shown } from './problem.ts'

/** For an action whose failure is told in passing: it stays until somebody has read it. */
export function toastFailure(error: unknown): void {
  const { title, detail } = shown(error)
  ToastQueue.negative(detail === null ? title : `${title} ${detail}`)
}
