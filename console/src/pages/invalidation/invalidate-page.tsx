import { Tab, TabList, TabPanel, Tabs } from '@react-spectrum/s2'
import { useState } from 'react'
import { LeaveGuard } from '../../parts/leave-guard.tsx'
import { Page } from '../../parts/page.tsx'
import { useAddressState, useChosen, useProject } from '../../use-project.ts'
import { AssetsAndUrls } from './assets-and-urls.tsx'
import { Confirm } from './confirm.tsx'
import { EMPTY_DRAFT, TABS, isChanged } from './draft.ts'
import type { Draft, Tab as TabName } from './draft.ts'
import { Everything } from './everything.tsx'
import { Originals } from './originals.tsx'
import styles from './invalidation.module.css'

export interface DraftProps {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
  readonly onNext: () => void
}

const INTROS = {
  assets: 'Choose what visitors should get anew. You see every URL before anything is sent.',
  originals:
    'For pictures that Sluice fetches from another server: name the original, without operations.',
  everything: 'Empties every cache of this project.',
} satisfies Record<TabName, string>

/** Add Details, then Confirm, then Submit. The address names tab and step, so that Back goes back one step. */
export function InvalidatePage() {
  const here = useProject()
  const [tabText, setTab] = useAddressState('tab', 'assets')
  const [step, setStep] = useAddressState('step', '', true)
  const [draft, setDraft, first] = useDraft()
  // The list itself is in no address: who comes back to Confirm later begins with Add Details.
  const [began, setBegan] = useState(false)
  const isConfirm = step === 'confirm' && began
  const tab = TABS.find((name) => name === tabText) ?? 'assets'
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part })
  const next = (): void => {
    setBegan(true)
    setStep('confirm')
  }
  const props: DraftProps = { draft, onChange: change, onNext: next }
  return (
    <Page title="CDN Invalidation" intro={isConfirm ? undefined : INTROS[tab]}>
      <Steps isConfirm={isConfirm} />
      <LeaveGuard changed={draft !== first && isChanged(draft)} />
      {isConfirm ? (
        <Confirm {...props} tab={tab} onBack={() => window.history.back()} />
      ) : (
        <Tabs
          aria-label="What to invalidate"
          selectedKey={tab}
          onSelectionChange={(key) => setTab(String(key))}
        >
          <TabList>
            <Tab id="assets">Assets and URLs</Tab>
            <Tab id="originals">Originals</Tab>
            <Tab id="everything">Everything</Tab>
          </TabList>
          <TabPanel id="assets">
            <AssetsAndUrls {...props} />
          </TabPanel>
          <TabPanel id="originals">
            <Originals {...props} limit={here.project.maxOriginalsPerInvalidation} />
          </TabPanel>
          <TabPanel id="everything">
            <Everything {...props} />
          </TabPanel>
        </Tabs>
      )}
    </Page>
  )
}

function Steps({ isConfirm }: { readonly isConfirm: boolean }) {
  return (
    <ol className={styles['steps']} aria-label="Steps">
      <li aria-current={isConfirm ? undefined : 'step'}>Add Details</li>
      <li aria-current={isConfirm ? 'step' : undefined}>Confirm</li>
    </ol>
  )
}

/** Starts with what the address names. */
function useDraft(): readonly [Draft, (draft: Draft) => void, Draft] {
  const chosen = useChosen()
  const [first] = useState<Draft>(() => ({ ...EMPTY_DRAFT, ...chosen }))
  const [draft, setDraft] = useState(first)
  return [draft, setDraft, first]
}
