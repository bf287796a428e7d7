import { ActionButton, Text, ToastQueue } from '@react-spectrum/s2'
import Copy from '@react-spectrum/s2/icons/Copy'
import { useMutation } from '@tanstack/react-query'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { paths } from '../../paths.ts'
import { toastFailure } from '../../toast.ts'
import { useProjectId } from '../../use-project.ts'

/** Everything that support asks for first, on the clipboard: the server's report, and where the rest is. */
export function CopyReport({ id }: { readonly id: string }) {
  const project = useProjectId()
  const copy = useMutation({
    mutationFn: () =>
      browser.copy(
        api
          .report(project, id)
          .then(
            ({ text }) =>
              `${text}Page: ${window.location.origin}${paths.invalidation(project, id)}\n`,
          ),
      ),
    onSuccess: (copied) => {
      if (copied) ToastQueue.positive('Report copied', { timeout: 5000 })
      else ToastQueue.negative('The browser did not allow copying.')
    },
    onError: toastFailure,
  })
  return (
    <ActionButton
      size="S"
      aria-label={`Copy report of ${id}`}
      isPending={copy.isPending}
      onPress={() => copy.mutate()}
    >
      <Copy />
      <Text>Copy report</Text>
    </ActionButton>
  )
}
