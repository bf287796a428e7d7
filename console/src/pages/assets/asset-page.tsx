import {
  AlertDialog,
  Badge,
  Button,
  DialogTrigger,
  FileTrigger,
  LinkButton,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams, useRouter } from '@tanstack/react-router'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { urlsOf } from '../../asset-names.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { OldCopies } from '../../parts/old-copies.tsx'
import { Page, Row, Section, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { replaced, useReplaced } from '../../replaced.ts'
import { useProject } from '../../use-project.ts'
import { bytes, localTime } from '../../words.ts'
import { DemoButton, describe } from './asset-card.tsx'
import { writeReason } from './assets-page.tsx'
import { Picture } from './picture.tsx'
import { toastFailure } from '../../toast.ts'
import { refreshAssets, tellStillShown, useUploads } from './use-uploads.ts'
import styles from './assets.module.css'

export function AssetPage() {
  const here = useProject()
  const { _splat: id = '' } = useParams({ strict: false })
  const asset = useQuery(queries.asset(here.id, id))
  return (
    <Loaded query={asset} what="the asset">
      {(data) => <OneAsset asset={data} />}
    </Loaded>
  )
}

function OneAsset({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const started = useReplaced(here.id).find((one) => one.asset === asset.id)
  return (
    <Page
      title={asset.id}
      intro={`Version ${asset.version}, ${asset.mediaType}, ${describe(asset)}, changed ${localTime(asset.modifiedAt)}`}
      actions={
        <>
          <LinkButton href={paths.live(here.id, { asset: asset.id })} variant="secondary">
            Live view
          </LinkButton>
          <LinkButton href={paths.invalidate(here.id, { assets: asset.id })} variant="secondary">
            Invalidate
          </LinkButton>
        </>
      }
    >
      <OldCopies asset={asset.id} invalidation={started?.invalidation ?? null} always />
      <div className={styles['detail']}>
        <div className={styles['large']}>
          <Picture project={here.id} asset={asset} large />
        </div>
        <Stack>
          <Changes asset={asset} />
          <Urls asset={asset} />
        </Stack>
      </div>
      <Versions asset={asset} />
      <Served asset={asset} />
    </Page>
  )
}

function Changes({ asset }: { readonly asset: Asset }) {
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
        <Badge fillStyle="subtle" variant={asset.published ? 'positive' : 'neutral'}>
          {asset.published ? 'Published' : 'Not published'}
        </Badge>
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

function Urls({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const presets = useQuery(queries.presets(here.id))
  const urls = urlsOf(asset, presets.data?.items ?? [])
  return (
    <Section title="URLs" intro="The base URL and one for each preset.">
      {urls.length === 0 ? (
        <Empty title="No publish server is set.">
          <p>An admin sets it in General Settings.</p>
        </Empty>
      ) : (
        <ul className={styles['urls']}>
          {urls.map(({ name, url }) => (
            <li key={url}>
              <span className={styles['urlName']}>{name}</span>
              <code>{url}</code>
              <CopyButton text={url} what={`URL of ${name}`} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Versions({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const versions = useQuery(queries.versions(here.id, asset.id))
  return (
    <Section title="Versions">
      <Loaded query={versions} what="versions">
        {({ items }) => (
          <DataTable
            label="Versions"
            rows={items}
            rowKey={(row) => String(row.version)}
            columns={[
              { name: 'Version', narrow: true, cell: (row) => row.version },
              { name: 'Date', cell: (row) => localTime(row.createdAt) },
              { name: 'By', cell: (row) => row.createdBy },
              { name: 'Size', cell: (row) => bytes(row.bytes) },
              {
                name: 'Actions',
                unnamed: true,
                narrow: true,
                cell: (row) => <RestoreButton asset={asset} version={row.version} />,
              },
            ]}
          />
        )}
      </Loaded>
    </Section>
  )
}

/** Makes an older version the newest; the current one needs no button. */
function RestoreButton({ asset, version }: { readonly asset: Asset; readonly version: number }) {
  const here = useProject()
  const restore = useMutation({
    mutationFn: () => api.restore(here.id, asset.id, version),
    onSuccess: async () => {
      await refreshAssets(here.id)
      replaced.add(here.id, asset.id)
    },
    onError: toastFailure,
  })
  if (version === asset.version) return <span className={styles['meta']}>Current</span>
  if (writeReason(here) !== null) return null
  return (
    <Button
      variant="secondary"
      size="S"
      aria-label={`Restore version ${version}`}
      isPending={restore.isPending}
      onPress={() => restore.mutate()}
    >
      Restore
    </Button>
  )
}

function Served({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const renditions = useQuery(queries.renditions(here.id, asset.id))
  return (
    <Section
      title="Served renditions"
      intro="Every URL under which visitors got this asset, in their own spelling. All renditions go when you invalidate the asset, listed or not."
    >
      <Loaded query={renditions} what="served renditions">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No visitor has asked for it yet." />
          ) : (
            <DataTable
              label="Served renditions"
              rows={items}
              rowKey={(row) => row.url}
              columns={[
                { name: 'URL', cell: (row) => <code>{row.url}</code> },
                { name: 'Last seen', narrow: true, cell: (row) => localTime(row.lastSeenAt) },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  )
}
