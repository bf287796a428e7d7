import { Button, ButtonGroup, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Project } from '../../../../src/contract/api/projects.ts'
import { api } from '../../api.ts'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Page, Section, Stack } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { keys, queryClient } from '../../queries.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { AddressFields, AutomaticField, LifetimeFields, LimitFields } from './fields.tsx'
import { DeliveryFields } from './delivery-fields.tsx'
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

function SettingsSections(props: FieldsProps) {
  return (
    <>
      <Section title="Addresses" id="addresses">
        <AddressFields {...props} />
      </Section>
      <Section
        title="Origins"
        id="origins"
        intro="Other servers from which Sluice may fetch originals. A host that is not listed is refused."
      >
        <OriginFields {...props} />
      </Section>
      <Section title="Automatic invalidation" id="automatic">
        <AutomaticField {...props} />
      </Section>
      <Section title="Lifetimes" id="lifetimes">
        <LifetimeFields {...props} />
      </Section>
      <Section title="Delivery" id="delivery">
        <DeliveryFields {...props} />
      </Section>
      <Section
        title="Smart crops"
        id="smart-crops"
        intro="Names and sizes for every image. Each is computed from what draws the eye, until somebody draws it on the asset’s page."
      >
        <SmartCropFields {...props} />
      </Section>
      <Section title="Limits and support" id="limits">
        <LimitFields {...props} />
      </Section>
    </>
  )
}
