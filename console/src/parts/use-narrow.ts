import { useSyncExternalStore } from 'react'

/** Whether the page is narrower than so many pixels, kept up to date. */
export function useNarrow(width: number): boolean {
  const query = `(width < ${width}px)`
  return useSyncExternalStore(
    (changed) => {
      const watched = window.matchMedia(query)
      watched.addEventListener('change', changed)
      return () => watched.removeEventListener('change', changed)
    },
    () => window.matchMedia(query).matches,
  )
}
