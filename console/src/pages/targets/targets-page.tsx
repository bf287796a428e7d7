import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Target } from '../../../../src/contract/api/targets.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { queries } from '../../queries.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { TargetActions } from './target-actions.tsx'
import { NEW_TARGET, draftOf } from './target-draft.ts'
import type { TargetDraft } from './target-draft.ts'
import { TargetForm } from './target-form.tsx'
import { TargetTest } from './target-test.tsx'
import { StateOf } from './target-state.tsx'
import styles from './targets.module.css'

interface Edited {
  readonly draft: TargetDraft
  readonly isNew: boolean
}

/** Everything that an invalidation asks: our own nodes by themselves, other caches as an admin describes them. */
export function TargetsPage() {
  const here = useProject()
  const targets = useQuery(queries.targets(here.id))
  const [edited, setEdited] = useState<Edited | null>(null)
  const [tested, setTested] = useState<string | null>(null)
  return (
    <Page
      title="Targets"
      intro="What an invalidation asks: first the nodes of Sluice, then caches outside it, such as Varnish or a CDN before the edges. Done waits for all of them."
      actions={
        edited === null ? (
          <ReasonedButton
            variant="accent"
            reason={roleReason(here, 'admin')}
            onPress={() => (setTested(null), setEdited({ draft: NEW_TARGET, isNew: true }))}
          >
            Add target
          </ReasonedButton>
        ) : undefined
      }
    >
      {edited === null ? null : (
        <TargetForm
          key={edited.draft.id}
          saved={edited.draft}
          taken={edited.isNew ? (targets.data?.items.map(({ id }) => id) ?? []) : null}
          onCancel={() => setEdited(null)}
          onSaved={(id) => (setEdited(null), setTested(id))}
        />
      )}
      {tested === null ? null : (
        <TargetTest key={tested} id={tested} onClose={() => setTested(null)} />
      )}
      <Loaded query={targets} what="targets">
        {({ items }) => (
          <>
            <Outside
              targets={items.filter(({ readOnly }) => !readOnly)}
              onEdit={(target) => (setTested(null), setEdited(editOf(target)))}
              onTest={(target) => setTested(target.id)}
            />
            <Own targets={items.filter(({ readOnly }) => readOnly)} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function editOf({ id, settings }: Target): Edited | null {
  return settings === null ? null : { draft: draftOf(id, settings), isNew: false }
}

interface OutsideProps {
  readonly targets: readonly Target[]
  readonly onEdit: (target: Target) => void
  readonly onTest: (target: Target) => void
}

function Outside({ targets, onEdit, onTest }: OutsideProps) {
  return (
    <Section title="Outside Sluice">
      {targets.length === 0 ? (
        <Empty title="No cache outside Sluice is known.">
          <p>
            If Varnish, nginx or a CDN stands before the edges, add it here. Until then it keeps its
            copies for their lifetime, whatever you invalidate.
          </p>
        </Empty>
      ) : (
        <DataTable
          label="Targets outside Sluice"
          rows={targets}
          rowKey={(row) => row.id}
          columns={[
            { name: 'Target', narrow: true, cell: (row) => <strong>{row.id}</strong> },
            { name: 'State', narrow: true, cell: (row) => <StateOf target={row} /> },
            { name: 'Purge request', cell: purgeOf },
            { name: 'Hosts', cell: hostsOf },
            { name: 'Looked at', cell: lookedAt },
            {
              name: 'Actions',
              unnamed: true,
              narrow: true,
              cell: (row) => (
                <TargetActions target={row} onEdit={() => onEdit(row)} onTest={() => onTest(row)} />
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function purgeOf({ settings }: Target) {
  if (settings === null) return 'Shown to admins'
  return (
    <code>
      {settings.purge.method} {settings.purge.url}
    </code>
  )
}

function hostsOf({ settings }: Target): string {
  if (settings === null) return '–'
  return settings.hosts.length === 0 ? 'All' : settings.hosts.join(', ')
}

function lookedAt({ urls }: Target) {
  if (urls.length === 0) return 'Not possible: Done says unverifiable'
  return <code>{urls.join(' ')}</code>
}

function Own({ targets }: { readonly targets: readonly Target[] }) {
  return (
    <Section title="Nodes of Sluice" intro="They are targets by themselves.">
      {targets.length === 0 ? (
        <Empty title="No node has registered." />
      ) : (
        <DataTable
          label="Nodes of Sluice"
          rows={targets}
          rowKey={(row) => row.id}
          columns={[
            { name: 'Target', cell: (row) => <strong>{row.id}</strong> },
            {
              name: 'Tier',
              cell: (row) => (row.tier === 'cdn' ? 'CDN servers' : 'Resizing servers'),
            },
            {
              name: 'Addresses',
              cell: (row) => (
                <span className={styles['addresses']}>
                  {row.urls.map((url) => (
                    <code key={url}>{url}</code>
                  ))}
                </span>
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}
