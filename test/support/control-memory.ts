import type { ControlMemory } from '../../src/purgelog/authority.ts'
import { keepServed, recordServed } from '../../src/store/keep-served.ts'
import type { Store } from '../../src/store/store.ts'

/** The store as the nodes' authority sees it. */
export function controlMemory(store: Store): ControlMemory {
  const { log, nodes } = store.tables
  return {
    logId: () => log.id(),
    head: () => log.head(),
    oldest: () => log.oldest(),
    after: (seq, limit, keysMax) => log.after(seq, limit, keysMax),
    nodes: () => nodes.list(),
    register: (node, predecessor) =>
      store.transaction('durable', (tx) => tx.nodes.register(node, predecessor)),
    acknowledge: (incarnation, applied, seenAt) =>
      store.transaction('volatile', (tx) => tx.nodes.acknowledge(incarnation, applied, seenAt)),
    markOut: (incarnation) => store.transaction('durable', (tx) => tx.nodes.markOut(incarnation)),
    remove: (incarnation) => store.transaction('durable', (tx) => tx.nodes.remove(incarnation)),
    recordServed: (urls, at) => store.transaction('volatile', (tx) => recordServed(tx, urls, at)),
    keepServed: (urls, at) => store.transaction('durable', (tx) => keepServed(tx.served, urls, at)),
  }
}
