import { ActionButton } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { DataTable } from '../../parts/data-table.tsx'
import { Section } from '../../parts/page.tsx'
import { queries, queryClient } from '../../queries.ts'
import { toastFailure } from '../../toast.ts'
import { useProject } from '../../use-project.ts'
import { localTime } from '../../words.ts'

interface TemplateVersionsProps {
  readonly current: number
  /** Puts an older text into the field, to be looked at and saved. */
  readonly onTake: (text: string) => void
  readonly isReadOnly: boolean
}

/** Who saved the template when. */
export function TemplateVersions({ current, onTake, isReadOnly }: TemplateVersionsProps) {
  const here = useProject()
  const { data } = useQuery(queries.templateVersions(here.id))
  const take = useMutation({
    mutationFn: (version: number) =>
      queryClient.fetchQuery(queries.templateVersion(here.id, version)),
    onSuccess: ({ text }) => onTake(text),
    onError: toastFailure,
  })
  if (data === undefined || data.items.length === 0) return null
  return (
    <Section title="Versions">
      <DataTable
        label="Versions of the template"
        rows={data.items}
        rowKey={(row) => String(row.version)}
        columns={[
          { name: 'Version', narrow: true, cell: (row) => row.version },
          { name: 'Date', cell: (row) => localTime(row.savedAt) },
          { name: 'By', cell: (row) => row.savedBy },
          { name: 'Lines', narrow: true, cell: (row) => row.lines },
          {
            name: 'Actions',
            unnamed: true,
            narrow: true,
            cell: (row) =>
              row.version === current ? (
                'Current'
              ) : isReadOnly ? null : (
                <ActionButton
                  size="S"
                  aria-label={`Take version ${row.version}`}
                  onPress={() => take.mutate(row.version)}
                >
                  Take
                </ActionButton>
              ),
          },
        ]}
      />
    </Section>
  )
}
