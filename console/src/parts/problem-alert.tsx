import { placeOf, shown } from '../problem.ts'
import { Notice } from './notice.tsx'
import styles from './notice.module.css'

/** An error as its problem document tells it: title, detail, and each item with its reason. */
export function ProblemAlert({
  error,
  title,
}: {
  readonly error: unknown
  readonly title?: string
}) {
  if (error === null || error === undefined) return null
  const problem = shown(error)
  return (
    <Notice tone="bad" title={title ?? problem.title} announce>
      {title === undefined ? null : <p>{problem.title}</p>}
      {problem.detail === null ? null : <p>{problem.detail}</p>}
      {problem.items.length === 0 ? null : (
        <ul className={styles['items']}>
          {problem.items.slice(0, ITEMS_SHOWN_MAX).map((item, at) => (
            <li key={at}>
              <ItemPlace place={placeOf(item)} />
              {item.reason}
            </li>
          ))}
        </ul>
      )}
      {problem.items.length <= ITEMS_SHOWN_MAX ? null : (
        <p>And {problem.items.length - ITEMS_SHOWN_MAX} more.</p>
      )}
    </Notice>
  )
}

/** A list that one can still read; the whole is in the API's answer. */
const ITEMS_SHOWN_MAX = 50

function ItemPlace({ place }: { readonly place: string | null }) {
  if (place === null) return null
  return (
    <>
      <code>{place}</code>
      {': '}
    </>
  )
}
