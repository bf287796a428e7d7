import { Button, Checkbox, TextField, ToastQueue } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Preset, PresetUsage } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { Rendered } from '../../parts/rendered.tsx'
import { SampleField, useSample } from '../../parts/sample-field.tsx'
import { keys, queries, queryClient } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import { PresetFieldsForm } from './preset-fields.tsx'
import styles from './presets.module.css'

interface PresetFormProps {
  readonly preset: Preset
  readonly onDone: () => void
}

/** A preset as text and as fields, with what it makes of a picture, and how far a change reaches. */
export function PresetForm({ preset, onDone }: PresetFormProps) {
  const here = useProject()
  const [name, setName] = useState(preset.name)
  const [modifiers, setModifiers] = useState(preset.modifiers)
  const [invalidate, setInvalidate] = useState(true)
  const automatic = here.project.automaticInvalidation
  const save = useMutation({
    mutationFn: () =>
      api.putPreset(here.id, name.trim(), modifiers.trim(), invalidate && !automatic),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.presets(here.id) })
      const reached = saved.changed && (automatic || invalidate)
      const words = reached ? `, ${usageWords(saved)} are invalidated` : ''
      ToastQueue.positive(`Preset ${saved.name} saved${words}`, { timeout: 5000 })
      onDone()
    },
  })
  return (
    <form className={styles['form']} onSubmit={(event) => (event.preventDefault(), save.mutate())}>
      <LeaveGuard changed={name !== preset.name || modifiers !== preset.modifiers} />
      <div className={styles['editor']}>
        <div className={styles['form']}>
          <TextField
            label="Name"
            description={
              preset.name === '' ? 'Letters, digits, - _ and . without blanks.' : undefined!
            }
            value={name}
            onChange={setName}
            isReadOnly={preset.name !== ''}
            isRequired
            autoFocus={preset.name === ''}
            UNSAFE_style={WIDE}
          />
          <TextField
            label="Modifiers"
            description="As in a URL: wid=400&hei=400&fmt=jpeg&qlt=80. The fields below write the same."
            value={modifiers}
            onChange={setModifiers}
            isRequired
            autoFocus={preset.name !== ''}
            spellCheck="false"
            UNSAFE_style={WIDE}
          />
          <PresetFieldsForm modifiers={modifiers} onChange={setModifiers} />
        </div>
        <PresetPreview modifiers={modifiers} />
      </div>
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
      <ProblemAlert error={save.error} title="The preset was not saved." />
      <div className={styles['actions']}>
        <Button variant="secondary" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" type="submit" isPending={save.isPending}>
          Save preset
        </Button>
      </div>
    </form>
  )
}

const WIDE = { width: '100%' } as const

/** What the modifiers make of one picture while one types: what visitors would get. */
function PresetPreview({ modifiers }: { readonly modifiers: string }) {
  const settled = useSettled(modifiers.trim())
  const sample = useSample({ kind: 'image', published: true })
  return (
    <section aria-label="Preview" className={styles['preview']}>
      <SampleField sample={sample} label="Preview with" />
      {sample.asset === undefined ? (
        sample.isKnown ? (
          <p className={styles['quiet']}>A published picture is shown here, once there is one.</p>
        ) : null
      ) : settled === '' ? (
        <p className={styles['quiet']}>Write a modifier, and see here what it makes.</p>
      ) : (
        <Rendered
          asset={sample.asset}
          modifiers={settled}
          alt={`${sample.asset.id} with these modifiers`}
        />
      )}
    </section>
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
