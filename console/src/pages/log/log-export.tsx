import { Button, Menu, MenuItem, MenuTrigger, ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import type { LogSearch } from '../../api.ts'
import { browser } from '../../browser.ts'
import { toastFailure } from '../../toast.ts'
import { useProjectId } from '../../use-project.ts'
import { count } from '../../words.ts'
import { ENTRIES_MAX, FORMATS, logFile } from './export.ts'
import type { Format } from './export.ts'

const TYPES = { csv: 'text/csv;charset=utf-8', json: 'application/json' } satisfies Record<
  Format,
  string
>

/** What the filters let through, as a file. */
export function LogExport({ search }: { readonly search: LogSearch }) {
  const project = useProjectId()
  const save = useMutation({
    mutationFn: async (format: Format) => ({ format, ...(await logFile(project, search, format)) }),
    onSuccess: ({ format, text, entries, isCut }) => {
      browser.save(`invalidations-${project}.${format}`, TYPES[format], text)
      if (isCut) ToastQueue.info(`The file holds the newest ${ENTRIES_MAX.toLocaleString('en')}.`)
      else ToastQueue.positive(`${count(entries, 'entry', 'entries')} exported`, { timeout: 5000 })
    },
    onError: toastFailure,
  })
  return (
    <MenuTrigger>
      <Button variant="secondary" isPending={save.isPending}>
        Export
      </Button>
      <Menu
        onAction={(key) => {
          const format = FORMATS.find((one) => one === key)
          if (format !== undefined) save.mutate(format)
        }}
      >
        <MenuItem id="csv">CSV, for a spreadsheet</MenuItem>
        <MenuItem id="json">JSON, for a script</MenuItem>
      </Menu>
    </MenuTrigger>
  )
}
