import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/empty.tsx'
import { roleReason, useProject } from '../../use-project.ts'
import { ApiKeys } from './api-keys.tsx'
import { Members } from './members.tsx'

export function PeoplePage() {
  const here = useProject()
  const reason = roleReason(here, 'admin')
  return (
    <Page
      title="People and API keys"
      intro="A viewer sees everything. An editor also changes assets and invalidates. An admin also changes settings, people and keys."
    >
      {reason === null ? (
        <>
          <Members />
          <ApiKeys />
        </>
      ) : (
        <Empty title="Only admins see people and keys.">
          <p>{reason}</p>
        </Empty>
      )}
    </Page>
  )
}
