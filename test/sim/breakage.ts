/**
 * What keeps a promise of `docs/freshness.md` and is watched by an ordinary test rather than by a departure of the simulator: how it
 * is broken, and the test that must fail then. `npm run sim -- --claims` breaks them one by one in a copy of the code.
 */
export interface Breakage {
  /** The paragraph of the argument, or where else the page claims it. */
  readonly claim: string
  /** In words, after "what if". */
  readonly broken: string
  readonly file: string
  /** Occurs once in the file. */
  readonly text: string
  readonly becomes: string
  readonly check: string
  /** The test of that file, or the beginning of its name, that must fail. */
  readonly test: string
  /** Nothing else of the file is run: what is broken makes each of its other tests fail late. */
  readonly alone?: true
}
