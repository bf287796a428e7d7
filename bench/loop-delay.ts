import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

/**
 * Imported into a server that is measured (`--import`): writes how late its event loop was since the last SIGUSR2 into the file that
 * LOOP_DELAY_FILE names, and begins anew.
 */
export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly worst: number
}

const RESOLUTION_MS = 1
const NANOSECONDS = 1e6

/** The timer itself is a resolution late by nature. */
function ms(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS)
}

const file = process.env['LOOP_DELAY_FILE']
if (file !== undefined && isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  process.on('SIGUSR2', () => {
    const measured: LoopDelay = {
      p50: ms(delay.percentile(50)),
      p99: ms(delay.percentile(99)),
      worst: ms(delay.max),
    }
    delay.reset()
    writeFileSync(file, JSON.stringify(measured))
  })
}
