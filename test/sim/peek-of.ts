import type { DiskBody } from '../../src/cache/disk-bodies.ts'
import type { Freshness } from '../../src/cache/freshness.ts'
import type { MarkedCache } from '../../src/cache/marked-cache.ts'
import type { Peek } from '../../src/contract/node-protocol.ts'
import type { EdgeCache } from '../../src/edge/fill.ts'
import type { RenditionMeta } from '../../src/resizer/rendition.ts'

/** What a node answers when control looks at what it holds of `target`. */
export function peekOf(
  target: string,
  { applied }: Freshness,
  found: ReturnType<EdgeCache['peek']> | ReturnType<MarkedCache<RenditionMeta, DiskBody>['peek']>,
  inputHash: string | null,
): Peek {
  if (!found) return { target, state: 'absent', mark: null, applied, inputHash: null }
  const state = found.judgement.usable ? 'usable' : 'unusable'
  return { target, state, mark: found.entry.mark, applied, inputHash }
}
