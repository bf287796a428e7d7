import { ActionButton, AlertDialog, DialogTrigger, StatusLight } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { NodeView } from '../../../../src/contract/api/nodes.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { api } from '../../api.ts'
import { queries, queryClient } from '../../queries.ts'
import { localTime } from '../../words.ts'
import { toastFailure } from '../../toast.ts'
import styles from './nodes.module.css'

/** The resizers and edges that Sluice runs. */
export function NodesPage() {
  const nodes = useQuery(queries.nodes())
  return (
    <Page
      title="Nodes"
      intro="Resizers make renditions, edges cache them for visitors. A node that falls behind or loses contact asks inward instead of answering from its cache, so it never serves what was invalidated."
    >
      <Loaded query={nodes} what="nodes">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No node has registered.">
              <p>Visitors get no pictures until a resizer and an edge run.</p>
            </Empty>
          ) : (
            <DataTable
              label="Nodes"
              rows={items}
              rowKey={(row) => row.incarnation}
              columns={[
                { name: 'Node', cell: (row) => <strong>{row.id}</strong> },
                {
                  name: 'Role',
                  narrow: true,
                  cell: (row) => (row.role === 'edge' ? 'Edge' : 'Resizer'),
                },
                { name: 'State', cell: (row) => <StateOf node={row} /> },
                { name: 'Purge log applied', cell: appliedOf },
                { name: 'Lease', narrow: true, cell: (row) => `${row.leaseSeconds} s` },
                { name: 'Addresses', cell: (row) => <Addresses node={row} /> },
                { name: 'Version', narrow: true, cell: (row) => row.version },
                { name: 'Last seen', narrow: true, cell: (row) => localTime(row.seenAt) },
                {
                  name: 'Actions',
                  unnamed: true,
                  narrow: true,
                  cell: (row) => <RemoveNode node={row} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  )
}

/** A node that was taken out of service for good would be named as missing for ever. */
function RemoveNode({ node }: { readonly node: NodeView }) {
  const { data: me } = useQuery(queries.me())
  const remove = useMutation({
    mutationFn: () => api.removeNode(node.incarnation),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['nodes'] }),
    onError: toastFailure,
  })
  if (node.state === 'in' || me?.owner !== true) return null
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Remove ${node.id}`}>
        Remove
      </ActionButton>
      <AlertDialog
        variant="confirmation"
        title={`Remove ${node.id}?`}
        primaryActionLabel="Remove"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        It leaves this list. When it is started again it comes back by itself.
      </AlertDialog>
    </DialogTrigger>
  )
}

function StateOf({ node }: { readonly node: NodeView }) {
  if (node.state === 'out') {
    return (
      <StatusLight size="S" variant="negative">
        Out: no contact
      </StatusLight>
    )
  }
  return (
    <StatusLight size="S" variant={node.lag === 0 ? 'positive' : 'notice'}>
      {node.lag === 0 ? 'In, up to date' : 'In, catching up'}
    </StatusLight>
  )
}

function appliedOf(node: NodeView): string {
  const behind = node.lag === 0 ? '' : `, ${node.lag} behind`
  return `${node.applied} of ${node.head}${behind}`
}

function Addresses({ node }: { readonly node: NodeView }) {
  if (node.urls.length === 0) return '–'
  return (
    <span className={styles['addresses']}>
      {node.urls.map((url) => (
        <code key={url}>{url}</code>
      ))}
    </span>
  )
}
