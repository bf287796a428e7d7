import { browser } from './browser.ts'

/**
 * Whether the server can be reached. Any request that fails on the way reports `lost`; then one probe a while asks the
 * health check, and whoever subscribed hears when it is back.
 */
const PROBE_MS = 2000
const PROBE_TIMEOUT_MS = 5000

type Listener = () => void

let lost = false
let stopProbing: (() => void) | null = null
const listeners = new Set<Listener>()
const recovered = new Set<Listener>()

export const connection = {
  isLost: () => lost,
  subscribe: (listener: Listener): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** Called once each time the connection comes back. */
  onRecovery(listener: Listener): () => void {
    recovered.add(listener)
    return () => recovered.delete(listener)
  },
  /** Something broke off: finds out whether the server is there. */
  async suspect(): Promise<void> {
    if (!lost && !(await reachable())) connection.reportLost()
  },
  reportLost(): void {
    if (lost) return
    lost = true
    stopProbing = browser.every(PROBE_MS, () => void probe())
    for (const listener of listeners) listener()
  },
} as const

function reachable(): Promise<boolean> {
  return fetch('/healthz', {
    cache: 'no-store',
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  }).then(
    (answer) => answer.ok,
    () => false,
  )
}

window.addEventListener('offline', () => void connection.suspect())

async function probe(): Promise<void> {
  if (!(await reachable()) || !lost) return
  lost = false
  stopProbing?.()
  for (const listener of [...listeners, ...recovered]) listener()
}
