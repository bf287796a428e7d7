import type { ReactNode } from 'react'
import styles from './empty.module.css'

/** What a list says when it has nothing: why, and what to do next. */
export function Empty(props: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles['empty']}>
      <p className={styles['title']}>{props.title}</p>
      {props.children === undefined ? null : <div className={styles['text']}>{props.children}</div>}
    </div>
  )
}
