import { randomFillSync } from 'node:crypto'

/** Chance as a part. */
export interface Random {
  /** `count` bytes; from the system these are fit for secrets. */
  bytes(count: number): Uint8Array
  /** A number in [0, 1). For jitter and choices, never for secrets. */
  number(): number
}

export const systemRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
  number: () => Math.random(),
}
