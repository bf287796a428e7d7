import { useSyncExternalStore } from 'react'

/**
 * Assets that were replaced in this browser since the page was loaded, newest first: the console asks about them whether edges
 * still show the old version, and which invalidation was started for them.
 */
export interface Replaced {
  readonly project: string
  readonly asset: string
  /** The invalidation that was started from the message, if any. */
  readonly invalidation: string | null
}

/** More messages than this on one page help nobody; the assets' own pages still tell. */
const REPLACED_MAX = 6

let all: readonly Replaced[] = []
const listeners = new Set<() => void>()

function change(next: readonly Replaced[]): void {
  all = next
  for (const listener of listeners) listener()
}

export const replaced = {
  add(project: string, asset: string): void {
    const others = without(project, asset)
    change([{ project, asset, invalidation: null }, ...others].slice(0, REPLACED_MAX))
  },
  invalidatedBy(project: string, asset: string, invalidation: string): void {
    change([{ project, asset, invalidation }, ...without(project, asset)].slice(0, REPLACED_MAX))
  },
  forget(project: string, asset: string): void {
    change(without(project, asset))
  },
} as const

function without(project: string, asset: string): readonly Replaced[] {
  return all.filter((one) => one.project !== project || one.asset !== asset)
}

export function useReplaced(project: string): readonly Replaced[] {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => all,
  )
  return now.filter((one) => one.project === project)
}
