import { createQueue } from '../store/queue.ts'
import type { Queue } from '../store/queue.ts'

/** Runs changes of one thing one after the other, so that each sees what the one before it made. */
export interface Locks {
  run<T>(name: string, work: () => Promise<T>): Promise<T>
}

export function createLocks(): Locks {
  const queues = new Map<string, { readonly queue: Queue; waiting: number }>()
  return {
    async run(name, work) {
      const held = queues.get(name) ?? { queue: createQueue(), waiting: 0 }
      queues.set(name, held)
      held.waiting++
      try {
        return await held.queue.run(work)
      } finally {
        held.waiting--
        if (held.waiting === 0) queues.delete(name)
      }
    },
  }
}
