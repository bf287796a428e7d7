import { uptime } from 'node:os'

/** Time as a part: production code never asks the machine directly, so that it runs in the simulator. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; never jumps back. For leases, deadlines and ages. */
  now(): number
  /** Wall-clock milliseconds since the Unix epoch; may jump. For dates that people read and HTTP headers. */
  wall(): number
  /**
   * Milliseconds since the machine started, its suspends included; costs several microseconds, so it is not for each request. Absent
   * where there is no such clock.
   */
  boot?(): number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  boot: () => uptime() * 1000,
}
