import { ECONOMY_MUTANTS } from './economy.ts'
import { LOG_MUTANTS } from './log-mutants.ts'
import { MUTANTS } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { OUTER_MUTANTS } from './outer-mutants.ts'
import { PROTOCOL_MUTANTS } from './protocol-mutants.ts'
import { VARIANT_MUTANTS } from './variant-mutants.ts'

/** All of them; `--mutant` counts them in this order. */
export const DEPARTURES: readonly Mutant[] = [
  ...MUTANTS,
  ...PROTOCOL_MUTANTS,
  ...ECONOMY_MUTANTS,
  ...OUTER_MUTANTS,
  ...VARIANT_MUTANTS,
  ...LOG_MUTANTS,
]
