import type { Invalidation } from '../contract/invalidation.ts'
import type { Log } from '../kernel/log.ts'

/** Who hears of changes in this process. */
export interface Events {
  emit(invalidation: Invalidation): void
  subscribe(project: string, id: string | null, listener: Listener): () => void
}

type Listener = (invalidation: Invalidation) => void

export function createEvents(log: Log): Events {
  const listeners = new Set<{ project: string; id: string | null; listener: Listener }>()
  return {
    emit(invalidation) {
      for (const { project, id, listener } of listeners) {
        if (project !== invalidation.project) continue
        if (id === null || id === invalidation.id) call(listener, invalidation, log)
      }
    },
    subscribe(project, id, listener) {
      const entry = { project, id, listener }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
  }
}

/** A listener's mistake is not the invalidation's. */
function call(listener: Listener, invalidation: Invalidation, log: Log): void {
  try {
    listener(invalidation)
  } catch (error) {
    log.error({ err: error, invalidation: invalidation.id }, 'a listener of invalidations failed')
  }
}
