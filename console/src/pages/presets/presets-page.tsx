import { ActionButton, AlertDialog, DialogTrigger } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Preset } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { AppLink } from '../../parts/app-link.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { keys, queries, queryClient } from '../../queries.ts'
import { toastFailure } from '../../toast.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { PresetForm } from './preset-form.tsx'
import styles from './presets.module.css'

const NEW: Preset = { name: '', modifiers: '' }

/** *Image Presets*: named modifiers, used in URLs as `?$name$`. */
export function PresetsPage() {
  const here = useProject()
  const presets = useQuery(queries.presets(here.id))
  const [edited, setEdited] = useState<Preset | null>(null)
  const opener = useRef<string | null>(null)
  const edit = (preset: Preset): void => {
    opener.current = preset.name === '' ? 'Add preset' : `Edit preset ${preset.name}`
    setEdited(preset)
  }
  // Back to where the form was opened, so that a keyboard does not begin at the top again.
  useEffect(() => {
    if (edited !== null || opener.current === null) return
    buttonNamed(opener.current)?.focus()
    opener.current = null
  }, [edited])
  return (
    <Page
      title="Image Presets"
      intro={
        <>
          Named modifiers, used in URLs as <code>?$name$</code>. Changing one changes every URL that
          uses it. Smart crops of all pictures are in{' '}
          <AppLink href={paths.settings(here.id, 'smart-crops')}>General Settings</AppLink>.
        </>
      }
      actions={
        edited === null ? (
          <ReasonedButton
            variant="accent"
            reason={mayReason(here, 'editPresets')}
            onPress={() => edit(NEW)}
          >
            Add preset
          </ReasonedButton>
        ) : undefined
      }
    >
      {edited === null ? null : (
        <Section title={edited.name === '' ? 'New preset' : `Preset ${edited.name}`}>
          <PresetForm key={edited.name} preset={edited} onDone={() => setEdited(null)} />
        </Section>
      )}
      <Section title="All presets">
        <Loaded query={presets} what="image presets">
          {({ items }) => <PresetTable presets={items} onEdit={edit} />}
        </Loaded>
      </Section>
    </Page>
  )
}

function buttonNamed(name: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>('main button')].find(
    (button) => (button.getAttribute('aria-label') ?? button.textContent) === name,
  )
}

interface PresetTableProps {
  readonly presets: readonly Preset[]
  readonly onEdit: (preset: Preset) => void
}

function PresetTable({ presets, onEdit }: PresetTableProps) {
  const here = useProject()
  const mayEdit = mayReason(here, 'editPresets') === null
  if (presets.length === 0) {
    return (
      <Empty title="No image presets yet.">
        <p>For instance product with wid=400&amp;fmt=jpeg.</p>
      </Empty>
    )
  }
  return (
    <DataTable
      label="Image presets"
      rows={presets}
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
                  onPress={() => onEdit(row)}
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

function RemovePreset({ preset }: { readonly preset: Preset }) {
  const here = useProject()
  const remove = useMutation({
    mutationFn: () => api.removePreset(here.id, preset.name, !here.project.automaticInvalidation),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.presets(here.id) }),
    onError: toastFailure,
  })
  return (
    <DialogTrigger>
      <ActionButton
        size="S"
        aria-label={`Delete preset ${preset.name}`}
        isPending={remove.isPending}
      >
        Delete
      </ActionButton>
      <AlertDialog
        variant="destructive"
        title={`Delete preset ${preset.name}?`}
        primaryActionLabel="Delete"
        cancelLabel="Keep"
        onPrimaryAction={() => remove.mutate()}
      >
        URLs that use it will be refused, and what was made with it is invalidated.
      </AlertDialog>
    </DialogTrigger>
  )
}
