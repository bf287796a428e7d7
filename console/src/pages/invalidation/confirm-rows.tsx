import type { ReactNode } from 'react'
import { RemoveButton } from '../../parts/remove-button.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { count } from '../../words.ts'
import { GROUPS, GROUP_TITLES, coverOf, grouped, originOf, seenOf } from './groups.ts'
import type { Entry, Group } from './groups.ts'
import styles from './invalidation.module.css'

interface RowsProps {
  readonly entries: readonly Entry[]
  /** What keeps a row from being submitted, by its URL. */
  readonly wrong: ReadonlyMap<string, string>
  readonly onRemove: (entry: Entry) => void
}

/** Rows by what they come from: as Dynamic Media forms them, ours, added. */
export function GroupedRows(props: RowsProps) {
  const groups = grouped(props.entries)
  return (
    <div className={styles['groups']} role="group" aria-label="URLs to invalidate">
      {GROUPS.filter((group) => groups.get(group)!.length > 0).map((group) => (
        <GroupOfRows key={group} {...props} group={group} entries={groups.get(group)!} />
      ))}
    </div>
  )
}

export function OriginalRows({ entries, wrong, onRemove }: RowsProps) {
  return (
    <VirtualList
      label="Originals"
      items={entries}
      itemKey={({ url }) => url}
      row={(entry) => (
        <UrlRow entry={entry} reason={wrong.get(entry.url) ?? null} onRemove={onRemove} />
      )}
    />
  )
}

function GroupOfRows({ group, entries, wrong, onRemove }: RowsProps & { readonly group: Group }) {
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
        row={(entry) => (
          <UrlRow entry={entry} reason={wrong.get(entry.url) ?? null} onRemove={onRemove} />
        )}
      />
    </section>
  )
}

interface UrlRowProps {
  readonly entry: Entry
  readonly reason: string | null
  readonly onRemove: (entry: Entry) => void
}

/** Where it comes from, what it covers, whether it was ever served; or what is wrong with it. */
function UrlRow({ entry, reason, onRemove }: UrlRowProps) {
  return (
    <RemovableRow what={entry.url} reason={reason} onRemove={() => onRemove(entry)}>
      <code>{entry.url}</code>
      <p className={styles['quiet']}>
        {originOf(entry)} {reason === null ? `${coverOf(entry)} ${seenOf(entry)}` : null}
      </p>
    </RemovableRow>
  )
}

interface WholeAssetsProps {
  readonly ids: readonly string[]
  /** What keeps an asset from being invalidated, by its id. */
  readonly wrong: ReadonlyMap<string, string>
  /** What one should know of it. */
  readonly notes: ReadonlyMap<string, string>
  readonly onRemove: (id: string) => void
}

/** With All renditions an asset goes as a whole; its URLs are listed for information. */
export function WholeAssets({ ids, wrong, notes, onRemove }: WholeAssetsProps) {
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
          <RemovableRow
            what={`asset ${id}`}
            reason={wrong.get(id) ?? null}
            onRemove={() => onRemove(id)}
          >
            <strong>{id}</strong>
            {wrong.has(id) ? null : (
              <p className={styles[notes.has(id) ? 'never' : 'quiet']}>
                {notes.get(id) ??
                  'All renditions, known or not, on every host and under every company name.'}
              </p>
            )}
          </RemovableRow>
        )}
      />
    </section>
  )
}

interface RemovableRowProps {
  readonly what: string
  readonly reason: string | null
  readonly onRemove: () => void
  readonly children: ReactNode
}

function RemovableRow({ what, reason, onRemove, children }: RemovableRowProps) {
  return (
    <div className={`${styles['row']} ${reason === null ? '' : styles['rowWrong']}`}>
      <div className={styles['rowText']}>
        {children}
        {reason === null ? null : <p className={styles['rowReason']}>{reason}</p>}
      </div>
      <RemoveButton what={what} onPress={onRemove} />
    </div>
  )
}
