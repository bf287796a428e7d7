import { ActionButton, AlertDialog, DialogTrigger, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import type { Target } from '../../../../src/contract/api/targets.ts'
import { api } from '../../api.ts'
import { keys, queryClient } from '../../queries.ts'
import { toastFailure } from '../../toast.ts'
import { useProject } from '../../use-project.ts'
import { draftOf, settingsOf } from './target-draft.ts'
import styles from './targets.module.css'

export async function targetsChanged(project: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.targets(project) })
}

interface TargetActionsProps {
  readonly target: Target
  readonly onEdit: () => void
  readonly onTest: () => void
}

export function TargetActions({ target, onEdit, onTest }: TargetActionsProps) {
  const here = useProject()
  if (!here.can('admin') || target.settings === null) return null
  return (
    <span className={styles['actions']}>
      <ActionButton size="S" aria-label={`Test ${target.id}`} onPress={onTest}>
        Test
      </ActionButton>
      <ActionButton size="S" aria-label={`Edit ${target.id}`} onPress={onEdit}>
        Edit
      </ActionButton>
      <PauseButton target={target} settings={target.settings} />
      <RemoveButton id={target.id} />
    </span>
  )
}

interface PauseButtonProps {
  readonly target: Target
  readonly settings: NonNullable<Target['settings']>
}

function PauseButton({ target, settings }: PauseButtonProps) {
  const here = useProject()
  const { id, paused } = target
  const pause = useMutation({
    mutationFn: () =>
      api.putTarget(here.id, id, settingsOf({ ...draftOf(id, settings), paused: !paused })),
    onSuccess: async () => {
      await targetsChanged(here.id)
      ToastQueue.positive(paused ? `${id} is asked again` : `${id} is paused`, { timeout: 5000 })
    },
    onError: toastFailure,
  })
  if (paused) {
    return (
      <ActionButton size="S" aria-label={`Resume ${id}`} onPress={() => pause.mutate()}>
        Resume
      </ActionButton>
    )
  }
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Pause ${id}`}>
        Pause
      </ActionButton>
      <AlertDialog
        variant="confirmation"
        title={`Pause ${id}?`}
        primaryActionLabel="Pause"
        cancelLabel="Keep asking it"
        onPrimaryAction={() => pause.mutate()}
      >
        Invalidations no longer ask it, so it may go on showing old copies for their lifetime. They
        still end in Done, with the word unverifiable.
      </AlertDialog>
    </DialogTrigger>
  )
}

function RemoveButton({ id }: { readonly id: string }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removeTarget(here.id, id),
    onSuccess: () => targetsChanged(here.id),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Remove ${id}`}>
        Remove
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Remove ${id}?`}
        primaryActionLabel="Remove"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        Sluice forgets its settings and its secrets, and asks it no more. Remove it when no visitor
        is answered through it.
      </AlertDialog>
    </DialogTrigger>
  )
}
