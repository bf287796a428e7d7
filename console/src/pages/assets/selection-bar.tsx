import {
  AlertDialog,
  Button,
  ButtonGroup,
  Content,
  Dialog,
  DialogTrigger,
  Heading,
  LinkButton,
  TextField,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { AssetActions } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { paths } from '../../paths.ts'
import { useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { refreshAssets } from './use-uploads.ts'
import styles from './assets.module.css'

interface SelectionBarProps {
  readonly ids: readonly string[]
  /** Why nothing can be changed here; null when it can. */
  readonly reason: string | null
  readonly onClear: () => void
  /** Those on the page; null when all of them are selected. */
  readonly onAll: (() => void) | null
  readonly shown: number
}

const DONE_WORDS = {
  publish: 'published',
  unpublish: 'unpublished',
  delete: 'deleted',
  move: 'moved',
} satisfies Record<AssetActions['action'], string>

/** What can be done to the selected assets together: all of them, or none. */
export function SelectionBar({ ids, reason, onClear, onAll, shown }: SelectionBarProps) {
  const here = useProject()
  const act = useMutation({
    mutationFn: (actions: Omit<AssetActions, 'ids'>) =>
      api.assetActions(here.id, { ...actions, ids: [...ids] }),
    onSuccess: async ({ changed }, { action }) => {
      await refreshAssets(here.id)
      ToastQueue.positive(`${count(changed, 'asset')} ${DONE_WORDS[action]}`, { timeout: 5000 })
      if (action === 'delete' || action === 'move') onClear()
    },
  })
  const assets = ids.join(',')
  return (
    <section className={styles['selection']} aria-label="Selected assets">
      <strong aria-live="polite">{count(ids.length, 'asset')} selected</strong>
      <LinkButton href={paths.invalidate(here.id, { assets })} variant="secondary" size="S">
        CDN Invalidation
      </LinkButton>
      <LinkButton href={paths.classic(here.id, { assets })} variant="secondary" size="S">
        Invalidate CDN
      </LinkButton>
      {reason === null ? (
        <>
          <Button
            variant="secondary"
            size="S"
            isPending={act.isPending}
            onPress={() => act.mutate({ action: 'publish' })}
          >
            Publish
          </Button>
          <Button
            variant="secondary"
            size="S"
            isPending={act.isPending}
            onPress={() => act.mutate({ action: 'unpublish' })}
          >
            Unpublish
          </Button>
          <MoveButton amount={ids.length} onMove={(to) => act.mutate({ action: 'move', to })} />
          <DeleteButton amount={ids.length} onDelete={() => act.mutate({ action: 'delete' })} />
        </>
      ) : null}
      {onAll === null ? null : (
        <Button variant="secondary" fillStyle="outline" size="S" onPress={onAll}>
          {`Select all ${shown.toLocaleString('en')} shown`}
        </Button>
      )}
      <Button variant="secondary" fillStyle="outline" size="S" onPress={onClear}>
        Clear selection
      </Button>
      <ProblemAlert error={act.error} title="Nothing was changed." />
    </section>
  )
}

function MoveButton(props: { readonly amount: number; readonly onMove: (to: string) => void }) {
  const [to, setTo] = useState('')
  return (
    <DialogTrigger>
      <Button variant="secondary" size="S">
        Move
      </Button>
      <Dialog size="S">
        {({ close }) => (
          <>
            <Heading slot="title">Move {count(props.amount, 'asset')}</Heading>
            <Content>
              <TextField
                label="Folder"
                description="For instance shoes/summer. Empty: the top. Each keeps its own name; URLs change with the folder."
                value={to}
                onChange={setTo}
                autoFocus
              />
            </Content>
            <ButtonGroup>
              <Button variant="secondary" onPress={close}>
                Cancel
              </Button>
              <Button variant="accent" onPress={() => (props.onMove(to.trim()), close())}>
                Move here
              </Button>
            </ButtonGroup>
          </>
        )}
      </Dialog>
    </DialogTrigger>
  )
}

function DeleteButton(props: { readonly amount: number; readonly onDelete: () => void }) {
  return (
    <DialogTrigger>
      <Button variant="secondary" size="S">
        Delete
      </Button>
      <AlertDialog
        variant="destructive"
        title={`Delete ${count(props.amount, 'asset')}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={props.onDelete}
      >
        Their URLs will answer 404. Caches may go on showing them until they are invalidated.
      </AlertDialog>
    </DialogTrigger>
  )
}
