import { AlertDialog, Button, DialogContainer, SearchField } from '@react-spectrum/s2'
import { useState } from 'react'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Empty } from '../../parts/empty.tsx'
import { RemoveButton } from '../../parts/remove-button.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { count } from '../../words.ts'
import { byAsset, originalsOf } from './draft.ts'
import type { Draft, Tab } from './draft.ts'
import { GROUPS, GROUP_TITLES, coverOf, grouped, originOf, seenOf } from './groups.ts'
import type { Entry, Group } from './groups.ts'
import styles from './invalidation.module.css'

interface ConfirmListProps {
  readonly preview: Preview
  readonly draft: Draft
  readonly tab: Tab
  readonly onChange: (change: Partial<Draft>) => void
}

/** A list that one still reads without searching. */
const FILTER_FROM = 12

/** Every entry in its group, with where it comes from, what it covers, and X. */
export function ConfirmList({ preview, draft, tab, onChange }: ConfirmListProps) {
  const [filter, setFilter] = useState('')
  const [asked, setAsked] = useState<Entry | null>(null)
  const whole = tab === 'assets' && byAsset(draft) ? draft.assets : []
  const { urls } = preview
  const shown = matching(urls, filter)
  const remove = (entry: Entry): void => {
    const change = withoutEntry(entry, { preview, draft, tab })
    if (change === null) setAsked(entry)
    else onChange(change)
  }
  if (tab === 'everything') return null
  if (urls.length + whole.length === 0) {
    return (
      <Empty title="The list is empty.">
        <p>Go back and choose assets, tick a box or enter a URL.</p>
      </Empty>
    )
  }
  return (
    <>
      {urls.length < FILTER_FROM ? null : (
        <Filter
          filter={filter}
          onFilter={setFilter}
          shown={shown.length}
          all={urls.length}
          onRemove={() => {
            onChange(withoutAll(shown, draft, tab))
            setFilter('')
          }}
        />
      )}
      <ByAsset ids={whole} draft={draft} onChange={onChange} />
      <Groups entries={shown} isSplit={tab === 'assets'} onRemove={remove} />
      <DialogContainer onDismiss={() => setAsked(null)}>
        {asked === null ? null : (
          <KeepUrlDialog
            url={asked.url}
            onSingle={() => onChange({ renditions: false, exclude: [...draft.exclude, asked.url] })}
          />
        )}
      </DialogContainer>
    </>
  )
}

export function matching(entries: readonly Entry[], filter: string): readonly Entry[] {
  const wanted = filter.trim().toLowerCase()
  if (wanted === '') return entries
  return entries.filter(
    ({ url, from }) => url.toLowerCase().includes(wanted) || from.toLowerCase().includes(wanted),
  )
}

type Removal = Pick<ConfirmListProps, 'preview' | 'draft' | 'tab'>

/** What X does; null when the person must be asked, because the asset goes as a whole. */
function withoutEntry(entry: Entry, { preview, draft, tab }: Removal): Partial<Draft> | null {
  if (tab === 'originals') return { originals: withoutOriginal(draft, preview, entry) }
  const folder = draft.folders.find((path) => entry.from === `folder ${path}`)
  if (folder !== undefined) return { folders: draft.folders.filter((path) => path !== folder) }
  if (entry.covers === null && byAsset(draft)) return null
  return { exclude: [...draft.exclude, entry.url] }
}

function withoutAll(entries: readonly Entry[], draft: Draft, tab: Tab): Partial<Draft> {
  if (tab === 'originals') return { originals: '' }
  const urls = entries.filter(({ covers }) => covers !== null || !byAsset(draft))
  return { exclude: [...new Set([...draft.exclude, ...urls.map(({ url }) => url)])] }
}

/** The list names an original in its canonical form, the field as it was typed: the order of the right ones tells them apart. */
function withoutOriginal(draft: Draft, preview: Preview, entry: Entry): string {
  const wrong = new Set(preview.problems.map(({ item }) => item))
  const typed = originalsOf(draft.originals)
  const right = typed.filter((text) => !wrong.has(text))
  const same = right.filter((text) => text.endsWith(entry.url) || entry.url.endsWith(`/${text}`))
  const gone = same.length > 0 ? same : [right[preview.urls.indexOf(entry)]]
  return typed.filter((text) => !gone.includes(text)).join('\n')
}

interface FilterProps {
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly shown: number
  readonly all: number
  readonly onRemove: () => void
}

function Filter({ filter, onFilter, shown, all, onRemove }: FilterProps) {
  return (
    <div className={styles['filter']}>
      <SearchField
        aria-label="Filter the list"
        placeholder="Filter by URL or where it comes from"
        value={filter}
        onChange={onFilter}
      />
      <span className={styles['quiet']} aria-live="polite">
        {filter.trim() === ''
          ? count(all, 'row')
          : `${shown.toLocaleString('en')} of ${count(all, 'row')}`}
      </span>
      {filter.trim() === '' || shown === 0 ? null : (
        <Button variant="secondary" size="S" onPress={onRemove}>
          {`Remove these ${shown.toLocaleString('en')}`}
        </Button>
      )}
    </div>
  )
}

interface GroupsProps {
  readonly entries: readonly Entry[]
  readonly isSplit: boolean
  readonly onRemove: (entry: Entry) => void
}

function Groups({ entries, isSplit, onRemove }: GroupsProps) {
  const row = (entry: Entry) => <Row entry={entry} onRemove={() => onRemove(entry)} />
  if (!isSplit) {
    return <VirtualList label="Originals" items={entries} itemKey={({ url }) => url} row={row} />
  }
  const groups = grouped(entries)
  return (
    <div className={styles['groups']} role="group" aria-label="URLs to invalidate">
      {GROUPS.filter((group) => groups.get(group)!.length > 0).map((group) => (
        <GroupOfRows key={group} group={group} entries={groups.get(group)!} row={row} />
      ))}
    </div>
  )
}

interface GroupOfRowsProps {
  readonly group: Group
  readonly entries: readonly Entry[]
  readonly row: (entry: Entry) => React.ReactNode
}

function GroupOfRows({ group, entries, row }: GroupOfRowsProps) {
  return (
    <section className={styles['group']} aria-label={GROUP_TITLES[group]}>
      <h3>
        {GROUP_TITLES[group]}{' '}
        <span className={styles['quiet']}>{count(entries.length, 'URL')}</span>
      </h3>
      <VirtualList
        label={GROUP_TITLES[group]}
        items={entries}
        itemKey={({ url }) => url}
        row={row}
      />
    </section>
  )
}

interface RowProps {
  readonly entry: Entry
  readonly onRemove: () => void
}

function Row({ entry, onRemove }: RowProps) {
  return (
    <div className={styles['row']}>
      <div className={styles['rowText']}>
        <code>{entry.url}</code>
        <p className={styles['quiet']}>
          {originOf(entry)} {coverOf(entry)} {seenOf(entry)}
        </p>
      </div>
      <RemoveButton what={entry.url} onPress={onRemove} />
    </div>
  )
}

interface ByAssetProps {
  readonly ids: readonly string[]
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
}

/** With All renditions an asset goes as a whole; its URLs are listed for information. */
function ByAsset({ ids, draft, onChange }: ByAssetProps) {
  if (ids.length === 0) return null
  return (
    <section className={styles['group']} aria-label="Whole assets">
      <h3>
        Whole assets <span className={styles['quiet']}>{count(ids.length, 'asset')}</span>
      </h3>
      <VirtualList
        label="Assets to invalidate"
        items={ids}
        itemKey={(id) => id}
        row={(id) => (
          <div className={styles['row']}>
            <div className={styles['rowText']}>
              <strong>{id}</strong>
              <p className={styles['quiet']}>
                All renditions, known or not, on every host and under every company name.
              </p>
            </div>
            <RemoveButton
              what={`asset ${id}`}
              onPress={() => onChange({ assets: draft.assets.filter((other) => other !== id) })}
            />
          </div>
        )}
      />
    </section>
  )
}

function KeepUrlDialog({ url, onSingle }: { readonly url: string; readonly onSingle: () => void }) {
  return (
    <AlertDialog
      variant="confirmation"
      title="Keep this URL in the caches?"
      primaryActionLabel="Invalidate the other URLs only"
      cancelLabel="Leave the list as it is"
      onPrimaryAction={onSingle}
    >
      All renditions of the asset are to go, and {url} is one of them. To keep it, All renditions is
      switched off and only the listed URLs go. A URL that is not in the list then stays old.
    </AlertDialog>
  )
}
