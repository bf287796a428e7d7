import type { Tables } from './store.ts'

/** Reads that may take long, by name: what a thread of its own is asked for. Arguments and answers are copied between threads. */
export const LONG_READS = {
  searchLog: (tables, ...args: Parameters<Tables['invalidations']['list']>) =>
    tables.invalidations.list(...args),
  listAssets: (tables, ...args: Parameters<Tables['assets']['list']>) =>
    tables.assets.list(...args),
  presetUsage: (tables, ...args: Parameters<Tables['served']['usage']>) =>
    tables.served.usage(...args),
} as const satisfies Record<string, (tables: Tables, ...args: never) => Promise<unknown>>

export type LongRead = keyof typeof LONG_READS

type Rest<F> = F extends (tables: Tables, ...args: infer Args) => unknown ? Args : never

export type ReadArguments<Name extends LongRead> = Rest<(typeof LONG_READS)[Name]>
export type ReadAnswer<Name extends LongRead> = Awaited<ReturnType<(typeof LONG_READS)[Name]>>

/** The same tables, whose long reads are asked of somebody else. The first argument of each is the project. */
export type AskLongRead = <Name extends LongRead>(
  name: Name,
  args: ReadArguments<Name>,
  signal?: AbortSignal,
) => Promise<ReadAnswer<Name>>

export function withLongReads(tables: Tables, ask: AskLongRead): Tables {
  const { invalidations, assets, served } = tables
  return {
    ...tables,
    invalidations: {
      ...invalidations,
      list(project, filter, { signal, ...page }) {
        // Without a search a page is a few steps into an index.
        if ((filter.q ?? '') === '') return invalidations.list(project, filter, page)
        return ask('searchLog', [project, filter, page], signal)
      },
    },
    assets: {
      ...assets,
      list(project, filter, { signal, ...page }) {
        const { q = '', kind, published } = filter
        const long = q !== '' || kind !== undefined || published !== undefined
        return long
          ? ask('listAssets', [project, filter, page], signal)
          : assets.list(project, filter, page)
      },
    },
    served: {
      ...served,
      usage: (project, preset) => ask('presetUsage', [project, preset]),
    },
  }
}
