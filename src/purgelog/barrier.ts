import type { NodeRole, Peek } from '../contract/node-protocol.ts'

/** How one node was found to reflect a purge. */
export type NodeOutcome = 'acknowledged' | 'lease-expired' | 'replaced'

export interface NodeProgress {
  readonly node: string
  readonly incarnation: string
  readonly role: NodeRole
  /** Null while waiting. */
  readonly outcome: NodeOutcome | null
}

/** What the invalidation room needs of the nodes (freshness rules P4 and Evidence). */
export interface NodeBarrier {
  /**
   * Resolves when every node, resizers and edges, has acknowledged `seq` or surely lost its lease. Call it right after the commit
   * of `seq` returned, or after taking an invalidation over: the wait for silent nodes starts then. `onProgress` gets all
   * nodes at the start and at each change.
   */
  waitFor(
    seq: number,
    onProgress: (nodes: readonly NodeProgress[]) => void,
    signal: AbortSignal,
  ): Promise<readonly NodeProgress[]>
  /** Asks every node that is in; a node that does not answer within `timeoutMs` is left out. */
  peek(
    targets: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly NodePeek[]>
}

export interface NodePeek {
  readonly node: string
  readonly role: NodeRole
  readonly peeks: readonly Peek[]
}
