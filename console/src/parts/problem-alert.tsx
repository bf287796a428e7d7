import { ApiProblem, placeOf, shown } from '../problem.ts'
import type { Difference } from '../problem.ts'
import { Notice } from './notice.tsx'
import styles from './notice.module.css'

/** An error as its problem document tells it: title, detail, and each item with its reason. */
export function ProblemAlert({
  error,
  title,
  itemsMax = ITEMS_SHOWN_MAX,
}: {
  readonly error: unknown
  readonly title?: string
  /** 0 where the page itself marks what is wrong. */
  readonly itemsMax?: number | undefined
}) {
  if (error === null || error === undefined) return null
  const problem = shown(error)
  const difference = error instanceof ApiProblem ? error.difference : null
  // A difference names the same URLs, sorted by what became of them.
  const items = difference === null ? problem.items : []
  return (
    <Notice tone="bad" title={title ?? problem.title} announce>
      {title === undefined ? null : <p>{problem.title}</p>}
      {problem.detail === null ? null : <p>{problem.detail}</p>}
      {items.length === 0 || itemsMax === 0 ? null : (
        <ul className={styles['items']}>
          {items.slice(0, itemsMax).map((item, at) => (
            <li key={at}>
              <ItemPlace place={placeOf(item)} />
              {item.reason}
            </li>
          ))}
        </ul>
      )}
      {difference === null ? null : <Changes difference={difference} />}
      {items.length <= itemsMax || itemsMax === 0 ? null : (
        <p>And {(items.length - itemsMax).toLocaleString('en')} more.</p>
      )}
    </Notice>
  )
}

/** A list that one can still read; the whole is in the API's answer. */
const ITEMS_SHOWN_MAX = 50

function Changes({ difference }: { readonly difference: Difference }) {
  const lines = [
    ...difference.added.map((url) => ({ url, word: 'New' })),
    ...difference.removed.map((url) => ({ url, word: 'Gone' })),
  ]
  return (
    <ul className={styles['items']}>
      {lines.slice(0, ITEMS_SHOWN_MAX).map(({ url, word }) => (
        <li key={word + url}>
          {word}: <code>{url}</code>
        </li>
      ))}
    </ul>
  )
}

function ItemPlace({ place }: { readonly place: string | null }) {
  if (place === null) return null
  return (
    <>
      <code>{place}</code>
      {': '}
    </>
  )
}
