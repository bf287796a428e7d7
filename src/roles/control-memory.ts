import type { ControlMemory } from '../purgelog/authority.ts'
import { keepServed, recordServed } from '../store/keep-served.ts'
import type { Store } from '../store/store.ts'

/** The store as the authority sees it. Acknowledgements are volatile: after a power cut every node says them again. */
export function controlMemory(store: Store): ControlMemory {
  const { log, nodes } = store.tables
  return {
    logId: () => log.id(),
    head: () => log.head(),
    oldest: () => log.oldest(),
    after: (seq, limit, keysMax) => log.after(seq, limit, keysMax),
    nodes: () => nodes.list(),
    // Durable: a node that a power cut made control forget would be waited for by nobody while its lease goes on.
    register: (node, predecessor) =>
      store.transaction('durable', (tx) => tx.nodes.register(node, predecessor)),
    acknowledge: (incarnation, applied, seenAt) =>
      store.transaction('volatile', (tx) => tx.nodes.acknowledge(incarnation, applied, seenAt)),
    markOut: (incarnation) => store.transaction('durable', (tx) => tx.nodes.markOut(incarnation)),
    remove: (incarnation) => store.transaction('volatile', (tx) => tx.nodes.remove(incarnation)),
    recordServed: (urls, at) => store.transaction('volatile', (tx) => recordServed(tx, urls, at)),
    keepServed: (urls, at) => store.transaction('durable', (tx) => keepServed(tx.served, urls, at)),
  }
}
