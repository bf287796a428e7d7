import { Button, SearchField, TextArea } from '@react-spectrum/s2'
import { useDeferredValue, useMemo, useState } from 'react'
import type { ClipboardEvent } from 'react'
import { RemoveButton } from '../../parts/remove-button.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { count } from '../../words.ts'
import { linesOf } from './draft.ts'
import styles from './invalidation.module.css'

interface UrlEntriesProps {
  /** One a line. */
  readonly urls: string
  readonly onChange: (urls: string) => void
}

/** Beyond this a field of text is slow to type in: the list alone is shown, and further lines are added to it. */
const FIELD_LINES_MAX = 200
const FILTER_FROM = 12

/** *Add URL*: typed or pasted, each with an X. */
export function UrlEntries({ urls, onChange }: UrlEntriesProps) {
  const lines = useMemo(() => linesOf(urls), [urls])
  const isLong = lines.length > FIELD_LINES_MAX
  // A long text goes to the list at once: put into the field first, it would keep the browser busy for minutes.
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData.getData('text/plain')
    if (linesOf(text).length <= FIELD_LINES_MAX) return
    event.preventDefault()
    onChange(`${urls}\n${text}`)
  }
  return (
    <div className={styles['picker']} onPaste={onPaste}>
      {isLong ? (
        <AddMore onAdd={(text) => onChange(`${urls}\n${text}`)} />
      ) : (
        <TextArea
          label="Add URL"
          description="Full URLs, one per line. A URL without a query covers that path with all its queries."
          value={urls}
          onChange={onChange}
          spellCheck="false"
          UNSAFE_style={{ width: '100%' }}
        />
      )}
      <Entered lines={lines} onLines={(left) => onChange(left.join('\n'))} />
    </div>
  )
}

/** What is typed here and forgotten when one goes on is added, too. */
function AddMore({ onAdd }: { readonly onAdd: (text: string) => void }) {
  const [text, setText] = useState('')
  const add = (): void => {
    if (text.trim() === '') return
    onAdd(text)
    setText('')
  }
  return (
    <>
      <TextArea
        label="Add URL"
        description="Further URLs, one per line."
        value={text}
        onChange={setText}
        onBlur={add}
        spellCheck="false"
        UNSAFE_style={{ width: '100%' }}
      />
      <div>
        <Button variant="secondary" size="S" isDisabled={text.trim() === ''} onPress={add}>
          Add to the list
        </Button>
      </div>
    </>
  )
}

interface Line {
  readonly text: string
  readonly at: number
  /** Stays the same while other lines go, so that the row keeps the focus. */
  readonly key: string
}

function keyed(lines: readonly string[]): readonly Line[] {
  const times = new Map<string, number>()
  return lines.map((text, at) => {
    const nth = times.get(text) ?? 0
    times.set(text, nth + 1)
    return { text, at, key: `${nth} ${text}` }
  })
}

interface EnteredProps {
  readonly lines: readonly string[]
  readonly onLines: (lines: readonly string[]) => void
}

function Entered({ lines, onLines }: EnteredProps) {
  const [filter, setFilter] = useState('')
  const wanted = useDeferredValue(filter.trim().toLowerCase())
  const all = useMemo(() => keyed(lines), [lines])
  const shown = useMemo(
    () => all.filter(({ text }) => text.toLowerCase().includes(wanted)),
    [all, wanted],
  )
  if (lines.length === 0) return null
  const doubles = lines.length - new Set(lines).size
  const remove = (gone: readonly Line[]): void => {
    const places = new Set(gone.map(({ at }) => at))
    onLines(lines.filter((_, at) => !places.has(at)))
  }
  return (
    <>
      <div className={styles['filter']}>
        {lines.length < FILTER_FROM ? null : (
          <SearchField
            aria-label="Filter the entered URLs"
            placeholder="Filter"
            value={filter}
            onChange={setFilter}
          />
        )}
        <span className={styles['quiet']}>
          {count(lines.length, 'URL')} entered
          {doubles === 0 ? '' : `, ${count(doubles, 'double')} among them`}.
        </span>
        {wanted === '' || shown.length === 0 ? null : (
          <Button
            variant="secondary"
            size="S"
            onPress={() => {
              remove(shown)
              setFilter('')
            }}
          >
            {`Remove these ${shown.length.toLocaleString('en')}`}
          </Button>
        )}
      </div>
      <VirtualList
        label="Entered URLs"
        items={shown}
        itemKey={({ key }) => key}
        row={(line) => (
          <div className={styles['row']}>
            <code className={styles['rowText']}>{line.text}</code>
            <RemoveButton what={line.text} onPress={() => remove([line])} />
          </div>
        )}
      />
    </>
  )
}
