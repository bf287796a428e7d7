import {
  ActionButton,
  AlertDialog,
  Button,
  Checkbox,
  DialogTrigger,
  TextField,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api.ts'
import type { Preset, PresetUsage } from '../../../../src/contract/api/projects.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { keys, queries, queryClient } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { toastFailure } from '../../toast.ts'
import { count } from '../../words.ts'
import { PresetFieldsForm } from './preset-fields.tsx'
import { PresetPreview } from './preset-preview.tsx'
import styles from './settings.module.css'

const NEW: Preset = { name: '', modifiers: '' }

export function Presets() {
  const here = useProject()
  const presets = useQuery(queries.presets(here.id))
  const [edited, setEdited] = useState<Preset | null>(null)
  const mayEdit = here.can('editor')
  return (
    <Section
      title="Image presets"
      id="presets"
      intro="Named modifiers, used in URLs as ?$name$. Changing one changes every URL that uses it."
      actions={
        edited === null ? (
          <ReasonedButton
            variant="secondary"
            size="S"
            reason={mayReason(here, 'editPresets')}
            onPress={() => setEdited(NEW)}
          >
            Add preset
          </ReasonedButton>
        ) : undefined
      }
    >
      {edited === null ? null : (
        <PresetForm key={edited.name} preset={edited} onDone={() => setEdited(null)} />
      )}
      <Loaded query={presets} what="image presets">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No image presets yet.">
              <p>For instance product with wid=400&amp;fmt=jpeg.</p>
            </Empty>
          ) : (
            <DataTable
              label="Image presets"
              rows={items}
              rowKey={(row) => row.name}
              columns={[
                { name: 'Name', narrow: true, cell: (row) => <strong>{row.name}</strong> },
                { name: 'Modifiers', cell: (row) => <code>{row.modifiers}</code> },
                {
                  name: 'Actions',
                  unnamed: true,
                  narrow: true,
                  cell: (row) =>
                    mayEdit ? (
                      <span className={styles['actions']}>
                        <ActionButton
                          size="S"
                          aria-label={`Edit preset ${row.name}`}
                          onPress={() => setEdited(row)}
                        >
                          Edit
                        </ActionButton>
                        <RemovePreset preset={row} />
                      </span>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  )
}

async function presetsChanged(project: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.presets(project) })
}

function PresetForm({ preset, onDone }: { readonly preset: Preset; readonly onDone: () => void }) {
  const here = useProject()
  const [name, setName] = useState(preset.name)
  const [modifiers, setModifiers] = useState(preset.modifiers)
  const [invalidate, setInvalidate] = useState(true)
  const automatic = here.project.automaticInvalidation
  const save = useMutation({
    mutationFn: () =>
      api.putPreset(here.id, name.trim(), modifiers.trim(), invalidate && !automatic),
    onSuccess: async (saved) => {
      await presetsChanged(here.id)
      const reached = saved.changed && (automatic || invalidate)
      const words = reached ? `, ${usageWords(saved)} are invalidated` : ''
      ToastQueue.positive(`Preset ${saved.name} saved${words}`, { timeout: 5000 })
      onDone()
    },
  })
  return (
    <form className={styles['form']} onSubmit={(event) => (event.preventDefault(), save.mutate())}>
      <LeaveGuard changed={name !== preset.name || modifiers !== preset.modifiers} />
      <ProblemAlert error={save.error} title="The preset was not saved." />
      <div className={styles['grid']}>
        <TextField
          label="Name"
          description="Letters, digits, - _ and . without blanks."
          value={name}
          onChange={setName}
          isReadOnly={preset.name !== ''}
          isRequired
          autoFocus={preset.name === ''}
          UNSAFE_style={{ width: '100%' }}
        />
        <TextField
          label="Modifiers"
          description="As in a URL: wid=400&hei=400&fmt=jpeg&qlt=80"
          value={modifiers}
          onChange={setModifiers}
          isRequired
          autoFocus={preset.name !== ''}
          UNSAFE_style={{ width: '100%' }}
        />
      </div>
      <PresetFieldsForm modifiers={modifiers} onChange={setModifiers} />
      <PresetPreview modifiers={modifiers} />
      {preset.name === '' ? null : (
        <>
          <Usage name={preset.name} />
          {automatic ? null : (
            <Checkbox isSelected={invalidate} onChange={setInvalidate}>
              Invalidate what was made with it
            </Checkbox>
          )}
        </>
      )}
      <div className={styles['actions']}>
        <Button variant="secondary" size="S" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" size="S" type="submit" isPending={save.isPending}>
          Save preset
        </Button>
      </div>
    </form>
  )
}

function usageWords({ renditions, assets }: Pick<PresetUsage, 'renditions' | 'assets'>): string {
  return `${count(renditions, 'known rendition')} of ${count(assets, 'asset')}`
}

/** How far a change reaches, before it is saved. */
function Usage({ name }: { readonly name: string }) {
  const here = useProject()
  const { data } = useQuery(queries.presetUsage(here.id, name))
  if (data === undefined) return null
  return (
    <p role="status">
      A change reaches <strong>{usageWords(data)}</strong>. Others stay in the caches.
    </p>
  )
}

function RemovePreset({ preset }: { readonly preset: Preset }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removePreset(here.id, preset.name),
    onSuccess: () => presetsChanged(here.id),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`Delete preset ${preset.name}`}>
        Delete
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Delete preset ${preset.name}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        URLs that use it will be refused.
      </AlertDialog>
    </DialogTrigger>
  )
}
