import type { Clock } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'

/** Everything of the machine that a client command touches. */
export interface ClientIo {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where a data folder is looked for, and what file names are relative to. */
  readonly cwd: string
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** Aborted when the person gives up waiting. */
  readonly signal?: AbortSignal
}
