import { getPriority, setPriority } from 'node:os'

/** With so much a thread gets a third of a processor where another thread wants all of it (sched(7), "The nice value"). */
const NICER = 5
const NICEST = 19

/**
 * Lets everybody else go first: for work in a thread of its own beside the event loop that answers others. Linux alone keeps a
 * priority for each thread (setpriority(2), "C library/kernel differences"); elsewhere the whole process would get it, so that
 * nothing is done. False where that is so, or where the machine forbids it.
 */
export function goAfterOthers(platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return false
  try {
    setPriority(Math.min(getPriority() + NICER, NICEST))
    return true
  } catch (error) {
    // A sandbox may forbid the call; the work is done all the same.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR') return false
    throw error
  }
}
