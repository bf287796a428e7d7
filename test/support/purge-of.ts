import type { Purge } from '../../src/targets/target.ts'

/** What a target is told of purge 7 of the demo, which knows of no URLs unless told. */
export function purgeOf(change: Partial<Purge> = {}): Purge {
  return {
    invalidation: 'i',
    project: 'demo',
    seq: 7,
    receivedAt: 0,
    soft: false,
    keys: [],
    async *urls() {
      yield []
    },
    ...change,
  }
}
