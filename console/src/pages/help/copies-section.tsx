import { AppLink } from '../../parts/app-link.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Section } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { useProject } from '../../use-project.ts'
import { lifetime } from '../../words.ts'

interface Place {
  readonly name: string
  readonly keeps: string
  readonly howLong: string
  readonly invalidation: string
}

/** With this project's own numbers; the same as docs/where-copies-live.md. */
export function CopiesSection() {
  const here = useProject()
  const { browserTtlSeconds, cdnTtlSeconds } = here.project
  const places: readonly Place[] = [
    {
      name: 'Visitors’ browsers',
      keeps: 'What they were sent',
      howLong: `${lifetime(browserTtlSeconds)} here; with vh= in the URL up to a year`,
      invalidation: 'Not reached. Reload while you hold Shift, or wait.',
    },
    {
      name: 'Outer caches',
      keeps: 'What edges answered',
      howLong: `${lifetime(cdnTtlSeconds)} here, unless they were told otherwise`,
      invalidation: 'Asked, if they are listed on Targets.',
    },
    {
      name: 'Edges',
      keeps: 'Finished renditions',
      howLong: `${lifetime(cdnTtlSeconds)} here`,
      invalidation: 'What it names is never shown again from Done on.',
    },
    {
      name: 'Resizer',
      keeps: 'Renditions, and originals read from other servers',
      howLong: `Until the original or recipe changes; remote originals ${lifetime(cdnTtlSeconds)} here (ci_cache in a URL wins), then they are asked after`,
      invalidation: 'What it names is made and read anew.',
    },
    {
      name: 'A cache before another server',
      keeps: 'What that server answered',
      howLong: 'As that server says',
      invalidation:
        'Asked to pass the question on. If it answers with what it had kept, the log says unverifiable: purge it there, then invalidate again.',
    },
  ]
  return (
    <Section
      title="Where copies live and for how long"
      id="copies"
      intro={
        <>
          A picture comes through up to five places that keep copies. Your assets are no copies: no
          invalidation touches them. <AppLink href={paths.live(here.id)}>Live view</AppLink> shows
          what each edge answers now; other caches belong on{' '}
          <AppLink href={paths.targets(here.id)}>Targets</AppLink>.
        </>
      }
    >
      <DataTable
        label="Where copies live"
        rows={places}
        rowKey={({ name }) => name}
        columns={[
          { name: 'Place', cell: ({ name }) => <strong>{name}</strong> },
          { name: 'What it keeps', cell: ({ keeps }) => keeps },
          { name: 'For how long', cell: ({ howLong }) => howLong },
          { name: 'An invalidation', cell: ({ invalidation }) => invalidation },
        ]}
      />
    </Section>
  )
}
