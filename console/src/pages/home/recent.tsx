import { useQuery } from '@tanstack/react-query'
import { AppLink } from '../../parts/app-link.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { StatusOf } from '../../parts/status.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import { doneSentence, localTime, sourceWord } from '../../words.ts'

const SHOWN = 5

export function RecentInvalidations({ project }: { readonly project: string }) {
  const here = useProject()
  const log = useQuery(queries.log(project, { limit: SHOWN }))
  return (
    <Loaded query={log} what="the latest invalidations">
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing was invalidated yet.">
            <p>Every invalidation appears here, with who asked and when it was live everywhere.</p>
          </Empty>
        ) : (
          <DataTable
            label="Latest invalidations"
            rows={items}
            rowKey={(row) => row.id}
            columns={[
              { name: 'Status', narrow: true, cell: (row) => <StatusOf status={row.status} /> },
              {
                name: 'Result',
                cell: (row) => (
                  <AppLink href={paths.invalidation(project, row.id)}>
                    {row.status === 'Done'
                      ? doneSentence(row, here.project.browserTtlSeconds)
                      : (row.failure ?? row.cause ?? row.note ?? 'Open')}
                  </AppLink>
                ),
              },
              { name: 'Source', narrow: true, cell: (row) => sourceWord(row.source) },
              { name: 'Date', narrow: true, cell: (row) => localTime(row.createdAt) },
            ]}
          />
        )
      }
    </Loaded>
  )
}
