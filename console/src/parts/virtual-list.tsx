import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { ReactNode } from 'react'
import styles from './virtual-list.module.css'

interface VirtualListProps<T> {
  readonly label: string
  readonly items: readonly T[]
  readonly itemKey: (item: T) => string
  readonly row: (item: T, at: number) => ReactNode
}

/** A list as long as this is drawn whole; a longer one draws only what is seen. */
const WHOLE_MAX = 100
/** Of a row with one line of URL and one line about it; the real ones are measured. */
const ROW_HEIGHT = 62
/** Rows beyond the edge, so that scrolling shows no gaps. */
const OVERSCAN = 12

/** Rows below each other, however many: ten thousand cost as much as those in view. */
export function VirtualList<T>(props: VirtualListProps<T>) {
  if (props.items.length > WHOLE_MAX) return <Scrolled {...props} />
  const { label, items, itemKey, row } = props
  return (
    <ul className={styles['list']} aria-label={label}>
      {items.map((item, at) => (
        <li key={itemKey(item)} className={styles['item']}>
          {row(item, at)}
        </li>
      ))}
    </ul>
  )
}

function Scrolled<T>({ label, items, itemKey, row }: VirtualListProps<T>) {
  const place = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    getItemKey: (at) => itemKey(items[at]!),
  })
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard.
    <div ref={place} className={styles['scroll']} tabIndex={0} role="group" aria-label={label}>
      <ul className={styles['tall']} style={{ height: rows.getTotalSize() }} aria-label={label}>
        {rows.getVirtualItems().map(({ key, index, start }) => (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={styles['placed']}
            style={{ transform: `translateY(${start}px)` }}
            aria-setsize={items.length}
            aria-posinset={index + 1}
          >
            {row(items[index]!, index)}
          </li>
        ))}
      </ul>
    </div>
  )
}
