import type { Breakage } from './breakage.ts'
import { JUDGE_BREAKAGES } from './judge-breakages.ts'
import { LOG_BREAKAGES } from './log-breakages.ts'
import { OUTER_BREAKAGES } from './outer-breakages.ts'
import { SOFT_BREAKAGES } from './soft-breakages.ts'

/** All of them, in the order of the page. */
export const BREAKAGES: readonly Breakage[] = [
  ...JUDGE_BREAKAGES,
  ...LOG_BREAKAGES,
  ...SOFT_BREAKAGES,
  ...OUTER_BREAKAGES,
]
