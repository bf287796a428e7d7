import { AlertDialog, DialogContainer } from '@react-spectrum/s2'
import { useBlocker } from '@tanstack/react-router'

/** Asks before changes that are not saved are lost: by a link, by Back, by closing the page. */
export function LeaveGuard({ changed }: { readonly changed: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => changed && current.pathname !== next.pathname,
    enableBeforeUnload: () => changed,
    withResolver: true,
  })
  return (
    <DialogContainer onDismiss={() => blocker.reset?.()}>
      {blocker.status === 'blocked' ? (
        <AlertDialog
          title="Leave without saving?"
          variant="confirmation"
          primaryActionLabel="Leave"
          cancelLabel="Stay"
          onPrimaryAction={() => blocker.proceed()}
          onCancel={() => blocker.reset()}
        >
          Your changes on this page are not saved. They will be lost.
        </AlertDialog>
      ) : null}
    </DialogContainer>
  )
}
