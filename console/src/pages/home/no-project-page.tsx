import { Empty } from '../../parts/empty.tsx'

/** For an account that nobody has added to a project yet. */
export function NoProjectPage() {
  return (
    <main>
      <Empty title="You are signed in, but in no project yet.">
        <p>Ask an admin of a project to add you under People and API keys.</p>
      </Empty>
    </main>
  )
}
