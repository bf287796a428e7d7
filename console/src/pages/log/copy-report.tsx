import { ActionButton, Text, ToastQueue } from '@react-spectrum/s2'
import Copy from '@react-spectrum/s2/icons/Copy'
import { useQuery } from '@tanstack/react-query'
import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { browser } from '../../browser.ts'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { reportOf } from './report.ts'

/** Everything that support asks for first, on the clipboard. */
export function CopyReport({ invalidation }: { readonly invalidation: Invalidation }) {
  const here = useProject()
  const { data: me } = useQuery(queries.me())
  const copy = async (): Promise<void> => {
    const report = reportOf({
      invalidation,
      version: me?.version ?? '',
      supportUrl: here.project.supportUrl,
      address: window.location.origin + paths.invalidation(here.id, invalidation.id),
    })
    if (await browser.copy(report)) ToastQueue.positive('Report copied', { timeout: 5000 })
    else ToastQueue.negative('The browser did not allow copying.')
  }
  return (
    <ActionButton
      size="S"
      aria-label={`Copy report of ${invalidation.id}`}
      onPress={() => void copy()}
    >
      <Copy />
      <Text>Copy report</Text>
    </ActionButton>
  )
}
