import { systemClock } from '../kernel/clock.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { systemRandom } from '../kernel/random.ts'
import type { Random } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import type { Timers } from '../kernel/timers.ts'
import type { ControlLink } from '../contract/node-protocol.ts'
import type { DataFolder } from './data-folder.ts'

/** What every role is built from. */
export interface Machine {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Of the program. */
  readonly version: string
}

export function systemMachine(log: Log, metrics: Metrics, version: string): Machine {
  return { clock: systemClock, timers: systemTimers, random: systemRandom, log, metrics, version }
}

/** What a node role needs besides. */
export interface NodePlace {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly data: DataFolder
  readonly link: ControlLink
  readonly nodeSecret: string
}

/** A started role. */
export interface Running {
  readonly url: string
  /** In words, why it should not get requests yet; empty when it should. */
  readonly notReady: () => readonly string[]
  stop(): Promise<void>
}
