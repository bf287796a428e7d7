import { ActionButton, AlertDialog, Button, DialogTrigger, TextField } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiKey, ApiKeyCreated } from '../../../../src/contract/api/projects.ts'
import type { Role } from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { keys, queries, queryClient } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { localTime } from '../../words.ts'
import { toastFailure } from '../../toast.ts'
import { RolePicker, roleWord } from './role-picker.tsx'
import { ShownOnce } from './shown-once.tsx'
import styles from './people.module.css'

export function ApiKeys() {
  const here = useProject()
  const apiKeys = useQuery(queries.apiKeys(here.id))
  const [created, setCreated] = useState<ApiKeyCreated | null>(null)
  return (
    <Section
      title="API keys"
      intro="For scripts, CI and a CMS; clients of Cloudimage’s Invalidation API send theirs as X-Client-Key. Give each its own, so that one can be taken away alone."
    >
      {created === null ? null : (
        <ShownOnce
          title={`API key ${created.key.name}`}
          text={created.secret}
          what="API key"
          onHide={() => setCreated(null)}
        />
      )}
      <Loaded query={apiKeys} what="API keys">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No API keys yet.">
              <p>Make one below. Its secret is shown once.</p>
            </Empty>
          ) : (
            <DataTable
              label="API keys"
              rows={items}
              rowKey={(row) => row.id}
              columns={[
                { name: 'Name', cell: (row) => <strong>{row.name}</strong> },
                { name: 'Role', cell: (row) => row.roles.map(roleWord).join(', ') },
                { name: 'Made', cell: (row) => localTime(row.createdAt) },
                { name: 'By', cell: (row) => row.createdBy },
                {
                  name: 'Actions',
                  unnamed: true,
                  narrow: true,
                  cell: (row) => <RemoveKey apiKey={row} />,
                },
              ]}
            />
          )
        }
      </Loaded>
      <AddKey onCreated={setCreated} />
    </Section>
  )
}

function AddKey({ onCreated }: { readonly onCreated: (created: ApiKeyCreated) => void }) {
  const here = useProject()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('editor')
  const add = useMutation({
    mutationFn: () => api.addKey(here.id, name.trim(), role),
    onSuccess: async (created) => {
      setName('')
      onCreated(created)
      await queryClient.invalidateQueries({ queryKey: keys.apiKeys(here.id) })
    },
  })
  return (
    <form onSubmit={(event) => (event.preventDefault(), add.mutate())}>
      <ProblemAlert error={add.error} />
      <div className={styles['add']}>
        <TextField
          label="Name of the key"
          value={name}
          onChange={setName}
          isRequired
          autoComplete="off"
          UNSAFE_style={{ width: '100%' }}
        />
        <RolePicker role={role} onChange={setRole} />
        <Button variant="secondary" type="submit" isPending={add.isPending}>
          Make key
        </Button>
      </div>
    </form>
  )
}

function RemoveKey({ apiKey }: { readonly apiKey: ApiKey }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removeKey(here.id, apiKey.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.apiKeys(here.id) }),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Delete key ${apiKey.name}`}>
        Delete
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Delete key ${apiKey.name}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        Whatever uses it is refused from now on.
      </AlertDialog>
    </DialogTrigger>
  )
}
