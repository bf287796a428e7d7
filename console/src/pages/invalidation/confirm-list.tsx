import { AlertDialog, Button, DialogContainer, SearchField, Switch } from '@react-spectrum/s2'
import { useMemo, useState } from 'react'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Empty } from '../../parts/empty.tsx'
import { count } from '../../words.ts'
import { notesOf, reasonsOf } from './bad-rows.ts'
import { GroupedRows, OriginalRows, WholeAssets } from './confirm-rows.tsx'
import { byAsset, originalsOf } from './draft.ts'
import type { Draft, Tab } from './draft.ts'
import type { Entry } from './groups.ts'
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
  const [isShort, setShort] = useState(false)
  const [asked, setAsked] = useState<Entry | null>(null)
  const wrong = useMemo(() => reasonsOf(preview), [preview])
  const whole = tab === 'assets' && byAsset(draft) ? draft.assets : []
  const { urls } = preview
  const picked = isShort && wrong.size > 0 ? urls.filter(({ url }) => wrong.has(url)) : urls
  const shown = matching(picked, filter)
  const remove = (entry: Entry): void => {
    const change = withoutEntry(entry, { preview, draft, tab, wrong })
    if (change === null) setAsked(entry)
    else onChange(change)
  }
  if (tab === 'everything') return null
  const Rows = tab === 'assets' ? GroupedRows : OriginalRows
  return (
    <>
      {urls.length < FILTER_FROM ? null : (
        <div className={styles['filter']}>
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
          {wrong.size === 0 ? null : (
            <Switch isSelected={isShort} onChange={setShort}>
              Only wrong rows
            </Switch>
          )}
        </div>
      )}
      <PutBack draft={draft} onChange={onChange} />
      {urls.length + whole.length === 0 ? (
        <Empty title="The list is empty.">
          <p>Go back and choose assets, tick a box or enter a URL.</p>
        </Empty>
      ) : (
        <>
          <WholeAssets
            ids={whole}
            wrong={wrong}
            notes={notesOf(preview)}
            onRemove={(gone) => onChange({ assets: draft.assets.filter((id) => id !== gone) })}
          />
          <Rows entries={shown} wrong={wrong} onRemove={remove} />
        </>
      )}
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

interface Removal extends Pick<ConfirmListProps, 'preview' | 'draft' | 'tab'> {
  readonly wrong: ReadonlyMap<string, string>
}

/** What X does; null when the person must be asked, because the asset goes as a whole. */
function withoutEntry(
  entry: Entry,
  { preview, draft, tab, wrong }: Removal,
): Partial<Draft> | null {
  if (tab === 'originals') return { originals: withoutOriginal(draft, preview, entry) }
  const folder = draft.folders.find((path) => entry.from === `folder ${path}`)
  if (folder !== undefined) return { folders: draft.folders.filter((path) => path !== folder) }
  if (entry.covers === null && byAsset(draft) && !wrong.has(entry.url)) return null
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
    <>
      <SearchField
        aria-label="Filter the list"
        placeholder="Filter by URL or where it comes from"
        value={filter}
        onChange={onFilter}
        UNSAFE_className={styles['search'] ?? ''}
      />
      <span className={styles['quiet']} aria-live="polite">
        {shown === all
          ? count(all, 'row')
          : `${shown.toLocaleString('en')} of ${count(all, 'row')}`}
      </span>
      {filter.trim() === '' || shown === 0 ? null : (
        <Button variant="secondary" size="S" onPress={onRemove}>
          {`Remove these ${shown.toLocaleString('en')}`}
        </Button>
      )}
    </>
  )
}

/** What X took out is not lost. */
function PutBack({ draft, onChange }: Pick<ConfirmListProps, 'draft' | 'onChange'>) {
  const gone = draft.exclude.length
  if (gone === 0) return null
  return (
    <p className={styles['filter']} role="status">
      <span className={styles['quiet']}>{count(gone, 'row')} taken out of the list.</span>
      <Button
        variant="secondary"
        fillStyle="outline"
        size="S"
        onPress={() => onChange({ exclude: [] })}
      >
        {gone === 1 ? 'Put it back' : 'Put them back'}
      </Button>
    </p>
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
      All renditions of the asset are to go, and <code>{url}</code> is one of them. To keep it, All
      renditions is switched off and only the listed URLs go. A URL that is not in the list then
      stays old.
    </AlertDialog>
  )
}
