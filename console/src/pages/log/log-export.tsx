import { Button, Menu, MenuItem, MenuTrigger } from '@react-spectrum/s2'
import { api } from '../../api.ts'
import type { LogSearch } from '../../api.ts'
import { useProjectId } from '../../use-project.ts'

const FORMATS = [
  { id: 'csv', name: 'CSV, for a spreadsheet' },
  { id: 'json', name: 'JSON, for a script' },
] as const

/** What the filters let through, as a file that the server streams: however long the log is, this page holds none of it. */
export function LogExport({ search }: { readonly search: LogSearch }) {
  const project = useProjectId()
  return (
    <MenuTrigger align="end">
      <Button variant="secondary">Export</Button>
      <Menu>
        {FORMATS.map(({ id, name }) => (
          <MenuItem
            key={id}
            id={id}
            href={api.logFileAddress(project, search, id)}
            download={`invalidations-${project}.${id}`}
          >
            {name}
          </MenuItem>
        ))}
      </Menu>
    </MenuTrigger>
  )
}
