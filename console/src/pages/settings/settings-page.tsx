import { Button, ButtonGroup, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Project } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Page, Section, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { keys, queryClient } from '../../queries.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { AddressFields, AutomaticField, LifetimeFields, LimitFields } from './fields.tsx'
import { OriginalsFields, SizeFields } from './delivery-fields.tsx'
import { SigningFields } from './signing-fields.tsx'
import { OriginFields } from './origin-fields.tsx'
import { TemplateSummary } from '../template/template-summary.tsx'
import { SmartCropFields } from './smart-crop-fields.tsx'
import { isSame, patchOf, settingsOf, wrongIn } from './settings-draft.ts'
import type { SettingsDraft } from './settings-draft.ts'
import styles from './settings.module.css'

export interface FieldsProps {
  readonly draft: SettingsDraft
  readonly onChange: (change: Partial<SettingsDraft>) => void
  readonly isReadOnly: boolean
}

export function SettingsPage() {
  const here = useProject()
  return (
    <Page title="General Settings" intro={`Settings of the project ${here.id}.`}>
      {/* Saved settings start a new draft. */}
      <ProjectSettings key={JSON.stringify(settingsOf(here.project))} saved={here.project} />
      <TemplateSummary />
    </Page>
  )
}

function ProjectSettings({ saved }: { readonly saved: Project }) {
  const here = useProject()
  const [draft, setDraft] = useState(() => settingsOf(saved))
  const before = settingsOf(saved)
  const changed = !isSame(draft, before)
  const save = useMutation({
    mutationFn: () => api.patchProject(here.id, patchOf(draft, before)),
    onSuccess: async (project) => {
      queryClient.setQueryData(keys.settings(here.id), project)
      await queryClient.invalidateQueries({ queryKey: keys.project(here.id) })
      ToastQueue.positive('Settings saved', { timeout: 5000 })
    },
  })
  const role = roleReason(here, 'admin')
  const props: FieldsProps = {
    draft,
    onChange: (change) => setDraft({ ...draft, ...change }),
    isReadOnly: role !== null,
  }
  return (
    <Stack>
      <LeaveGuard changed={changed} />
      <SettingsSections {...props} />
      <ProblemAlert error={save.error} title="The settings were not saved." />
      <div className={`${styles['save']} ${changed ? styles['saveChanged'] : ''}`}>
        <ButtonGroup>
          <Button
            variant="secondary"
            isDisabled={!changed}
            onPress={() => (setDraft(before), save.reset())}
          >
            Undo changes
          </Button>
        </ButtonGroup>
        <ReasonedButton
          variant="accent"
          reason={role ?? wrongIn(draft) ?? (changed ? null : 'Nothing is changed.')}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          Save
        </ReasonedButton>
      </div>
    </Stack>
  )
}

interface SettingsSection {
  readonly id: string
  readonly title: string
  readonly intro?: string
  readonly Fields: (props: FieldsProps) => ReactNode
}

const SECTIONS: readonly SettingsSection[] = [
  { id: 'addresses', title: 'Addresses', Fields: AddressFields },
  {
    id: 'origins',
    title: 'Origins',
    intro:
      'Other servers from which Sluice may fetch originals. A host that is not listed is refused.',
    Fields: OriginFields,
  },
  { id: 'originals', title: 'Originals', Fields: OriginalsFields },
  { id: 'automatic', title: 'Automatic invalidation', Fields: AutomaticField },
  {
    id: 'lifetimes',
    title: 'Lifetimes',
    intro:
      'ci_cache in a Cloudimage URL wins over these. A URL that carries the current version (vh= or id=) may stay in browsers and caches for a year.',
    Fields: LifetimeFields,
  },
  {
    id: 'sizes',
    title: 'Sizes',
    intro:
      'Each size that a URL asks for is a picture to be made. These keep strangers from asking for all of them. Besides, edges limit how many new pictures one visitor may ask for.',
    Fields: SizeFields,
  },
  {
    id: 'signed-urls',
    title: 'Signed URLs',
    intro:
      'Only URLs that you have signed are delivered, and only until they end (HMAC-SHA-256, with key and expiry in the URL).',
    Fields: SigningFields,
  },
  {
    id: 'smart-crops',
    title: 'Smart crops',
    intro:
      'Names and sizes for every image. Each is computed from what draws the eye, until somebody draws it on the asset’s page.',
    Fields: SmartCropFields,
  },
  { id: 'limits', title: 'Limits and support', Fields: LimitFields },
]

function SettingsSections(props: FieldsProps) {
  return (
    <>
      <nav className={styles['jump']} aria-label="On this page">
        {SECTIONS.map(({ id, title }) => (
          <a key={id} href={`#${id}`}>
            {title}
          </a>
        ))}
      </nav>
      {SECTIONS.map(({ id, title, intro, Fields }) => (
        <Section key={id} id={id} title={title} intro={intro}>
          <Fields {...props} />
        </Section>
      ))}
    </>
  )
}
