import {
  ActionButton,
  AlertDialog,
  Button,
  DialogTrigger,
  TextField,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Member, MemberAdded } from '../../../../src/contract/api/projects.ts'
import type { Role } from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { keys, queries, queryClient } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { toastFailure } from '../../toast.ts'
import { RolePicker, roleWord } from './role-picker.tsx'
import { ShownOnce } from './shown-once.tsx'
import styles from './people.module.css'

export function Members() {
  const here = useProject()
  const members = useQuery(queries.members(here.id))
  const [added, setAdded] = useState<MemberAdded | null>(null)
  return (
    <Section title="People">
      {added?.signInPath === null || added === null ? null : (
        <ShownOnce
          title={`One-time sign-in link for ${added.member.email}`}
          text={window.location.origin + added.signInPath}
          what="Sign-in link"
          onHide={() => setAdded(null)}
        />
      )}
      <Loaded query={members} what="people">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nobody was added yet.">
              <p>Accounts with all rights see every project without being added.</p>
            </Empty>
          ) : (
            <DataTable
              label="People"
              rows={items}
              rowKey={(row) => row.id}
              columns={[
                { name: 'E-mail', cell: (row) => row.email },
                {
                  name: 'Role',
                  cell: (row) =>
                    row.owner ? 'All rights in every project' : <MemberRole member={row} />,
                },
                {
                  name: 'Password',
                  cell: (row) => (row.hasPassword ? 'Set' : 'Not set yet'),
                },
                {
                  name: 'Actions',
                  unnamed: true,
                  narrow: true,
                  cell: (row) =>
                    row.owner ? null : (
                      <span className={styles['actions']}>
                        {row.hasPassword ? null : <NewLink member={row} onMade={setAdded} />}
                        <RemoveMember member={row} />
                      </span>
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
      <AddMember onAdded={setAdded} />
    </Section>
  )
}

function AddMember({ onAdded }: { readonly onAdded: (added: MemberAdded) => void }) {
  const here = useProject()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('editor')
  const add = useMutation({
    mutationFn: () => api.addMember(here.id, email.trim(), role),
    onSuccess: async (added) => {
      setEmail('')
      onAdded(added)
      await queryClient.invalidateQueries({ queryKey: keys.members(here.id) })
    },
  })
  return (
    <form onSubmit={(event) => (event.preventDefault(), add.mutate())}>
      <ProblemAlert error={add.error} />
      <div className={styles['add']}>
        <TextField
          label="E-mail"
          value={email}
          onChange={setEmail}
          isRequired
          autoComplete="off"
          UNSAFE_style={{ width: '100%' }}
        />
        <RolePicker role={role} onChange={setRole} />
        <Button variant="secondary" type="submit" isPending={add.isPending}>
          Add person
        </Button>
      </div>
    </form>
  )
}

interface NewLinkProps {
  readonly member: Member
  readonly onMade: (added: MemberAdded) => void
}

/** For somebody whose link is lost or over: links work once, and not for ever. */
function NewLink({ member: { email, role }, onMade }: NewLinkProps) {
  const here = useProject()
  const make = useMutation({
    mutationFn: () => api.addMember(here.id, email, role),
    onSuccess: (added) => {
      onMade(added)
      if (added.signInPath === null) {
        ToastQueue.info(
          `${email} is in another project, too. On the server, sluice admin link --email ${email} makes one.`,
        )
      }
    },
    onError: toastFailure,
  })
  return (
    <ActionButton
      size="S"
      aria-label={`New link for ${email}`}
      isPending={make.isPending}
      onPress={() => make.mutate()}
    >
      New link
    </ActionButton>
  )
}

/** Saved as soon as it is chosen. */
function MemberRole({ member: { email, role } }: { readonly member: Member }) {
  const here = useProject()
  const change = useMutation({
    mutationFn: (next: Role) => api.addMember(here.id, email, next),
    onSuccess: async (_, next) => {
      await queryClient.invalidateQueries({ queryKey: keys.members(here.id) })
      ToastQueue.positive(`${email} is ${roleWord(next).toLowerCase()} now`, { timeout: 5000 })
    },
    onError: toastFailure,
  })
  return (
    <RolePicker
      role={change.isPending ? change.variables : role}
      of={email}
      onChange={(next) => next !== role && change.mutate(next)}
    />
  )
}

function RemoveMember({ member }: { readonly member: Member }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removeMember(here.id, member.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.members(here.id) }),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Remove ${member.email}`}>
        Remove
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Remove ${member.email}?`}
        primaryActionLabel="Remove"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        They can no longer see or change this project.
      </AlertDialog>
    </DialogTrigger>
  )
}
