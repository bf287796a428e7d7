import { useEffect, useId, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import styles from './explained.module.css'

/** Between the word and its meaning. */
const GAP = 6
/** From the edges of the screen. */
const MARGIN = 8

interface ExplainedProps {
  readonly meaning: string
  readonly children: ReactNode
}

/**
 * A word with its meaning, shown on hover, on focus and on touch, and ended by Escape (WCAG 2.2, 1.4.13). In the browser's top
 * layer, so that no table cuts it off. A plain button: there are as many of them as rows.
 */
export function Explained({ meaning, children }: ExplainedProps) {
  const id = useId()
  const word = useRef<HTMLButtonElement>(null)
  const tip = useRef<HTMLSpanElement>(null)
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (!shown || word.current === null || tip.current === null) return undefined
    return showBeside(word.current, tip.current)
  }, [shown])
  return (
    <span
      className={styles['wrap']}
      onMouseEnter={() => setShown(true)}
      onMouseLeave={() => setShown(false)}
    >
      <button
        ref={word}
        type="button"
        className={styles['word']}
        aria-describedby={id}
        onFocus={() => setShown(true)}
        onBlur={() => setShown(false)}
        onClick={() => setShown(true)}
        onKeyDown={({ key }) => key === 'Escape' && setShown(false)}
      >
        {children}
      </button>
      <span ref={tip} id={id} role="tooltip" popover="manual" className={styles['meaning']}>
        {meaning}
      </span>
    </span>
  )
}

/** Under the word, or above it where there is no room; goes with it when the page is scrolled. */
function showBeside(word: HTMLElement, tip: HTMLElement): () => void {
  tip.showPopover()
  const place = (): void => {
    const at = word.getBoundingClientRect()
    const { width, height } = tip.getBoundingClientRect()
    const below = at.bottom + GAP
    const top = below + height > window.innerHeight ? at.top - GAP - height : below
    const left = Math.min(at.left, window.innerWidth - MARGIN - width)
    tip.style.top = `${Math.max(MARGIN, top)}px`
    tip.style.left = `${Math.max(MARGIN, left)}px`
  }
  place()
  window.addEventListener('scroll', place, { capture: true, passive: true })
  return () => {
    window.removeEventListener('scroll', place, { capture: true })
    tip.hidePopover()
  }
}
