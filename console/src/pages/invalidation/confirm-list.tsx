import { AlertDialog, Button, DialogContainer } from '@react-spectrum/s2'
import { useState } from 'react'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Empty } from '../../parts/empty.tsx'
import { originalsOf } from './draft.ts'
import type { Draft, Tab } from './draft.ts'
import styles from './invalidation.module.css'

interface ConfirmListProps {
  readonly preview: Preview
  readonly draft: Draft
  readonly tab: Tab
  readonly onChange: (change: Partial<Draft>) => void
}

type Entry = Preview['urls'][number]

/** As many rows as a browser draws without delay; the rest on demand. */
const ROWS_AT_ONCE = 300

/** Every entry with where it comes from, what it covers, and X. */
export function ConfirmList({ preview, draft, tab, onChange }: ConfirmListProps) {
  const [shown, setShown] = useState(ROWS_AT_ONCE)
  const [asked, setAsked] = useState<Entry | null>(null)
  const byAsset = tab === 'assets' && draft.renditions ? draft.assets : []
  const { urls } = preview
  const remove = (entry: Entry): void => {
    if (tab === 'originals') return onChange({ originals: withoutOriginal(draft, preview, entry) })
    const folder = draft.folders.find((path) => entry.from === `folder ${path}`)
    if (folder !== undefined) {
      return onChange({ folders: draft.folders.filter((path) => path !== folder) })
    }
    if (entry.covers === null && byAsset.length > 0) return setAsked(entry)
    onChange({ exclude: [...draft.exclude, entry.url] })
  }
  if (tab === 'everything') return null
  if (urls.length + byAsset.length === 0) {
    return (
      <Empty title="The list is empty.">
        <p>Go back and choose assets, tick a box or enter a URL.</p>
      </Empty>
    )
  }
  return (
    <>
      <ByAsset draft={draft} isOn={byAsset.length > 0} onChange={onChange} />
      <ul className={styles['rows']} aria-label="URLs to invalidate">
        {urls.slice(0, shown).map((entry) => (
          <Row key={entry.url} entry={entry} onRemove={() => remove(entry)} />
        ))}
      </ul>
      {urls.length > shown ? (
        <Button variant="secondary" size="S" onPress={() => setShown(shown + ROWS_AT_ONCE)}>
          {`Show more of ${urls.length.toLocaleString('en')}`}
        </Button>
      ) : null}
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

/** The list names an original in its canonical form, the field as it was typed: the order of the right ones tells them apart. */
function withoutOriginal(draft: Draft, preview: Preview, entry: Entry): string {
  const wrong = new Set(preview.problems.map(({ item }) => item))
  const typed = originalsOf(draft.originals)
  const right = typed.filter((text) => !wrong.has(text))
  const same = right.filter((text) => text.endsWith(entry.url) || entry.url.endsWith(`/${text}`))
  const gone = same.length > 0 ? same : [right[preview.urls.indexOf(entry)]]
  return typed.filter((text) => !gone.includes(text)).join('\n')
}

const ORIGINS: Readonly<Record<string, string>> = { added: 'Added by hand.', original: 'Original.' }

function originOf({ from }: Entry): string {
  return ORIGINS[from] ?? `From ${from}.`
}

function coverOf({ covers }: Entry): string {
  return covers === null ? 'Goes with all renditions.' : `Covers ${covers}.`
}

function Row({ entry, onRemove }: { readonly entry: Entry; readonly onRemove: () => void }) {
  return (
    <li className={styles['row']}>
      <div className={styles['rowText']}>
        <code>{entry.url}</code>
        <p className={styles['quiet']}>
          {originOf(entry)} {coverOf(entry)}
        </p>
      </div>
      <RemoveButton what={entry.url} onPress={onRemove} />
    </li>
  )
}

/** A plain button: there may be a thousand of them. */
function RemoveButton({ what, onPress }: { readonly what: string; readonly onPress: () => void }) {
  return (
    <button
      type="button"
      className={styles['remove']}
      aria-label={`Remove ${what}`}
      onClick={onPress}
    >
      <span aria-hidden="true">✕</span>
    </button>
  )
}

interface ByAssetProps {
  readonly draft: Draft
  readonly isOn: boolean
  readonly onChange: (change: Partial<Draft>) => void
}

/** With All renditions an asset goes as a whole; its URLs are listed for information. */
function ByAsset({ draft, isOn, onChange }: ByAssetProps) {
  if (!isOn) return null
  return (
    <ul className={styles['rows']} aria-label="Assets to invalidate">
      {draft.assets.map((id) => (
        <li key={id} className={styles['row']}>
          <div className={styles['rowText']}>
            <strong>{id}</strong>
            <p className={styles['quiet']}>All renditions, known or not, on every host.</p>
          </div>
          <RemoveButton
            what={`asset ${id}`}
            onPress={() => onChange({ assets: draft.assets.filter((other) => other !== id) })}
          />
        </li>
      ))}
    </ul>
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
