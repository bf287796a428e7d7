import { useEffect } from 'react'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { api } from './api.ts'
import { browser } from './browser.ts'
import { connection } from './connection.ts'
import { queryClient, keys, tellInvalidation } from './queries.ts'

/** After the server ended the stream for good, how long to wait before asking again. */
const REOPEN_MS = 2_000

/** `INVALIDATION_EVENT` of the API, whose module would bring its schemas into the page. */
const EVENT = 'invalidation'

/**
 * Follows all invalidations of a project while the page is seen. A hidden page lets go of its stream, because a browser opens
 * only six connections to one host and further tabs would wait for ever.
 */
export function useProjectEvents(project: string): void {
  useEffect(() => {
    const following = follow(project)
    const onVisibility = (): void => (document.hidden ? following.pause() : following.resume())
    document.addEventListener('visibilitychange', onVisibility)
    if (!document.hidden) following.resume()
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      following.pause()
    }
  }, [project])
}

function follow(project: string): { pause(): void; resume(): void } {
  let source: EventSource | null = null
  let cancelReopen: (() => void) | null = null

  const pause = (): void => {
    source?.close()
    source = null
    cancelReopen?.()
    cancelReopen = null
  }
  const resume = (): void => {
    if (source !== null) return
    const opened = new EventSource(api.eventsAddress(project))
    source = opened
    let openedBefore = false
    opened.addEventListener('open', () => {
      // What happened while nobody listened was missed.
      if (openedBefore) void queryClient.invalidateQueries({ queryKey: keys.log(project) })
      openedBefore = true
    })
    opened.addEventListener(EVENT, (event) => {
      tellInvalidation(project, JSON.parse(String(event.data)) as Invalidation)
    })
    opened.addEventListener('error', () => {
      void connection.suspect()
      if (opened.readyState !== EventSource.CLOSED) return
      pause()
      cancelReopen = browser.after(REOPEN_MS, resume)
    })
  }
  return { pause, resume }
}
