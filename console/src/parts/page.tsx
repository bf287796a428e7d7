import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import styles from './page.module.css'

interface PageProps {
  readonly title: string
  /** One or two sentences under the title. */
  readonly intro?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page's frame. Its title takes the focus after a change of page, so that a screen reader says where one is. */
export function Page({ title, intro, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Sluice`
    const focused = document.activeElement
    if (focused === null || focused === document.body) heading.current?.focus()
  }, [title])
  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <div className={styles['titles']}>
          <h1 ref={heading} tabIndex={-1} className={styles['title']}>
            {title}
          </h1>
          {intro === undefined ? null : <p className={styles['intro']}>{intro}</p>}
        </div>
        {actions === undefined ? null : <div className={styles['actions']}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface SectionProps {
  readonly title: string
  readonly id?: string
  readonly intro?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A titled box of a page. */
export function Section({ title, id, intro, actions, children }: SectionProps) {
  const here = useRef<HTMLElement>(null)
  // The browser looked for the part that the address names before it was there.
  useEffect(() => {
    if (id !== undefined && window.location.hash === `#${id}`) here.current?.scrollIntoView()
  }, [id])
  return (
    <section ref={here} className={styles['section']} id={id} aria-label={title}>
      <header className={styles['sectionHeader']}>
        <h2>{title}</h2>
        {actions === undefined ? null : <div className={styles['actions']}>{actions}</div>}
      </header>
      {intro === undefined ? null : <p className={styles['intro']}>{intro}</p>}
      {children}
    </section>
  )
}

/** Things below each other with an even distance. */
export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles['stack']}>{children}</div>
}

/** Things beside each other that wrap. */
export function Row({ children }: { readonly children: ReactNode }) {
  return <div className={styles['row']}>{children}</div>
}
