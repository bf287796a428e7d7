import {
  AlertDialog,
  Button,
  ButtonGroup,
  Content,
  Dialog,
  DialogTrigger,
  FileTrigger,
  Form,
  Heading,
  TextField,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { Row, Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { toastFailure } from '../../toast.ts'
import { useProject } from '../../use-project.ts'
import { DemoButton, PublishState } from './asset-card.tsx'
import { writeReason } from './assets-page.tsx'
import { refreshAssets, tellStillShown, useUploads } from './use-uploads.ts'

/** What can be done to one asset. */
export function AssetChanges({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const router = useRouter()
  const reason = writeReason(here)
  const uploads = useUploads(here.id)
  const publish = useMutation({
    mutationFn: () => api.patchAsset(here.id, asset.id, { published: !asset.published }),
    onSuccess: async () => {
      const open = paths.invalidate(here.id, { assets: asset.id })
      if (asset.published) tellStillShown(here, asset.id, () => router.history.push(open))
      await refreshAssets(here.id)
    },
    onError: toastFailure,
  })
  return (
    <Section title="Change it">
      <Row>
        <PublishState asset={asset} />
        <DemoButton asset={asset} />
        {reason === null ? (
          <>
            <FileTrigger
              onSelect={(files) =>
                files?.[0] !== undefined && uploads.send([{ id: asset.id, file: files[0] }])
              }
            >
              <Button variant="secondary" size="S" isPending={uploads.running.length > 0}>
                Replace with a file
              </Button>
            </FileTrigger>
            <Button
              variant="secondary"
              size="S"
              isPending={publish.isPending}
              onPress={() => publish.mutate()}
            >
              {asset.published ? 'Unpublish' : 'Publish'}
            </Button>
            <RenameButton asset={asset} />
            <DeleteButton asset={asset} />
          </>
        ) : (
          <ReasonedButton variant="secondary" size="S" reason={reason}>
            Replace with a file
          </ReasonedButton>
        )}
      </Row>
      {uploads.failed.map(({ id, error }) => (
        <ProblemAlert key={id} title={`${id} was not replaced.`} error={error} />
      ))}
    </Section>
  )
}

function DeleteButton({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const router = useRouter()
  const remove = useMutation({
    mutationFn: () => api.removeAsset(here.id, asset.id),
    onSuccess: async () => {
      await refreshAssets(here.id)
      ToastQueue.positive(`${asset.id} deleted`, { timeout: 5000 })
      router.history.push(paths.assets(here.id))
    },
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <Button variant="secondary" size="S" isPending={remove.isPending}>
        Delete
      </Button>
      <AlertDialog
        variant="destructive"
        title={`Delete ${asset.id}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        Its URLs will answer 404. Caches may go on showing it until it is invalidated
        {here.project.automaticInvalidation ? ', which happens by itself here.' : '.'}
      </AlertDialog>
    </DialogTrigger>
  )
}

/** A new id: its URLs are other ones from then on. */
function RenameButton({ asset }: { readonly asset: Asset }) {
  return (
    <DialogTrigger>
      <Button variant="secondary" size="S">
        Rename or move
      </Button>
      <Dialog size="S">{({ close }) => <RenameForm asset={asset} onDone={close} />}</Dialog>
    </DialogTrigger>
  )
}

function RenameForm({ asset, onDone }: { readonly asset: Asset; readonly onDone: () => void }) {
  const here = useProject()
  const router = useRouter()
  const [id, setId] = useState(asset.id)
  const rename = useMutation({
    mutationFn: () => api.patchAsset(here.id, asset.id, { id: id.trim() }),
    onSuccess: async (renamed) => {
      onDone()
      router.history.replace(paths.asset(here.id, renamed.id))
      await refreshAssets(here.id)
    },
  })
  return (
    <>
      <Heading slot="title">Rename or move</Heading>
      <Content>
        <Form id="rename-form" onSubmit={(event) => (event.preventDefault(), rename.mutate())}>
          <ProblemAlert error={rename.error} />
          <TextField
            label="Asset id"
            description="With / it stands in a folder: shoes/red. Its URLs change with it; the old ones answer 404."
            value={id}
            onChange={setId}
            isRequired
            autoFocus
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" type="submit" form="rename-form" isPending={rename.isPending}>
          Save
        </Button>
      </ButtonGroup>
    </>
  )
}
