import { Button, LinkButton } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import { api } from '../../api.ts'
import { urlsOf } from '../../asset-names.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ContentHash } from '../../parts/content-hash.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Notice } from '../../parts/notice.tsx'
import { OldCopies } from '../../parts/old-copies.tsx'
import { Page, Section, Stack } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { replaced, useReplaced } from '../../replaced.ts'
import { useProject } from '../../use-project.ts'
import { bytes, localTime } from '../../words.ts'
import { describe } from './asset-card.tsx'
import { AssetChanges } from './asset-changes.tsx'
import { Crops } from './crops.tsx'
import { writeReason } from './assets-page.tsx'
import { Picture } from './picture.tsx'
import { toastFailure } from '../../toast.ts'
import { refreshAssets } from './use-uploads.ts'
import { vhOf } from '../../versioned.ts'
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
      {asset.notDelivered === null ? (
        <OldCopies asset={asset.id} invalidation={started?.invalidation ?? null} always />
      ) : (
        <Notice tone="caution" title="Stored, never delivered.">
          <p>{asset.notDelivered}</p>
        </Notice>
      )}
      <div className={styles['detail']}>
        <div className={styles['large']}>
          <Picture project={here.id} asset={asset} large />
        </div>
        <Stack>
          <AssetChanges asset={asset} />
          {asset.notDelivered === null ? <Urls asset={asset} /> : null}
        </Stack>
      </div>
      {asset.kind === 'image' ? <Crops asset={asset} /> : null}
      <Versions asset={asset} />
      {asset.notDelivered === null ? <Served asset={asset} /> : null}
    </Page>
  )
}

function Urls({ asset }: { readonly asset: Asset }) {
  const here = useProject()
  const presets = useQuery(queries.presets(here.id))
  const urls = urlsOf(asset, presets.data?.items ?? [], here.project.smartCrops)
  return (
    <Section title="URLs" intro="The base URL, and one for each image preset and smart crop.">
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
      <p className={styles['meta']}>
        With this version’s hash as <code>vh=</code> (or <code>id=</code> in Dynamic Media URLs) a
        URL without preset and crop may be kept for a year:{' '}
        <ContentHash vh={vhOf(asset.hash)} of={asset.id} />
      </p>
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
