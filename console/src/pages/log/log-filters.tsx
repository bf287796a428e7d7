import {
  Button,
  Content,
  ContextualHelp,
  Heading,
  Picker,
  PickerItem,
  SearchField,
} from '@react-spectrum/s2'
import { INVALIDATION_STATUSES } from '../../../../src/contract/invalidation.ts'
import type { LogSearch } from '../../api.ts'
import { browser } from '../../browser.ts'
import { STATUS_MEANINGS } from '../../parts/status.tsx'
import { useAddressState, useSetAddress } from '../../use-project.ts'
import styles from './log.module.css'

const SOURCES = [
  ['manual', 'Manual'],
  ['api', 'API'],
  ['automatic', 'Automatic'],
  ['scheduled', 'Scheduled'],
] as const

/** What the address says is searched for. */
export function useLogSearch(): LogSearch {
  const [status] = useAddressState('status')
  const [scope] = useAddressState('scope')
  const [source] = useAddressState('source')
  const [q] = useAddressState('q')
  const [from] = useAddressState('from')
  const [to] = useAddressState('to')
  return { status, scope, source, q, from: startOf(from), to: endOf(to) }
}

/** Days are those of the person's own calendar. */
function startOf(day: string): string | undefined {
  return instantOf(`${day}T00:00:00`)
}

function endOf(day: string): string | undefined {
  return instantOf(`${day}T23:59:59.999`)
}

function instantOf(local: string): string | undefined {
  const ms = Date.parse(local)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

export function isFiltered(search: LogSearch): boolean {
  return Object.values(search).some((value) => value !== undefined && value !== '')
}

export function LogFilters() {
  const [q, setQ] = useAddressState('q')
  const search = useLogSearch()
  return (
    <div className={styles['filters']}>
      <span className={styles['search']}>
        <SearchField
          aria-label="Search the log"
          placeholder="Search ID, note, person or URL"
          value={q}
          onChange={setQ}
          UNSAFE_style={{ width: '100%' }}
        />
      </span>
      <span className={styles['withHelp']}>
        <Choice
          name="status"
          label="Status"
          all="Any status"
          choices={INVALIDATION_STATUSES.map((one) => [one, one] as const)}
        />
        <StatusHelp />
      </span>
      <Choice
        name="scope"
        label="Scope"
        all="Any scope"
        choices={[
          ['original', 'Original'],
          ['all', 'All'],
        ]}
      />
      <Choice name="source" label="Source" all="Any source" choices={SOURCES} />
      <Day name="from" label="From" />
      <Day name="to" label="To" />
      {isFiltered(search) ? <ClearFilters /> : null}
    </div>
  )
}

/** Goes when there is nothing to clear any more: the search gets the focus that it had. */
export function ClearFilters() {
  const setAddress = useSetAddress()
  const clear = (): void => {
    setAddress({})
    // After the press, which gives the focus to the button itself.
    browser.after(0, () =>
      document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
    )
  }
  return (
    <div>
      <Button variant="secondary" size="S" onPress={clear}>
        Clear filters
      </Button>
    </div>
  )
}

function StatusHelp() {
  return (
    <ContextualHelp aria-label="What the statuses mean">
      <Heading>What the statuses mean</Heading>
      <Content>
        <dl className={styles['meanings']}>
          {INVALIDATION_STATUSES.map((status) => (
            <div key={status}>
              <dt>{status}</dt>
              <dd>{STATUS_MEANINGS[status]}</dd>
            </div>
          ))}
        </dl>
      </Content>
    </ContextualHelp>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly all: string
  readonly choices: readonly (readonly [string, string])[]
}

/** A spectrum picker has no empty key: this one stands for no filter. */
const ANY = 'any'

function Choice({ name, label, all, choices }: ChoiceProps) {
  const [value, setValue] = useAddressState(name)
  return (
    <Picker
      aria-label={label}
      selectedKey={value === '' ? ANY : value}
      onSelectionChange={(key) => setValue(key === ANY ? '' : String(key))}
      items={[[ANY, all] as const, ...choices].map(([id, text]) => ({ id, text }))}
      UNSAFE_style={{ width: '100%' }}
    >
      {(item) => <PickerItem id={item.id}>{item.text}</PickerItem>}
    </Picker>
  )
}

function Day({ name, label }: { readonly name: string; readonly label: string }) {
  const [value, setValue] = useAddressState(name)
  return (
    <label className={styles['day']}>
      <span>{label}</span>
      <input type="date" value={value} onChange={(event) => setValue(event.currentTarget.value)} />
    </label>
  )
}
