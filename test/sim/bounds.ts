import type { Ledger } from './ledger.ts'
import type { Safety } from './safety.ts'
import type { Theatre } from './theatre.ts'

/** What a node holds of something that could grow for ever, and how much of it there is a reason for. */
export interface Holding {
  readonly what: string
  readonly held: number
  readonly max: number
}

/** Often enough to see what a sweep or an eviction ends. */
const LOOK_EVERY_MS = 100

/** Memory has bounds all the time: caches theirs, stamps as many as the log gives reason for. */
export function watchBounds(theatre: Theatre, safety: Safety): void {
  const { world } = theatre.stage
  const look = (): void => {
    for (const node of theatre.nodes) {
      // What is dead holds nothing.
      if (!node.program.alive) continue
      for (const holding of node.holdings()) tell(safety, node.host.name, holding)
    }
    world.at(world.now + LOOK_EVERY_MS, look, true)
  }
  look()
}

/** When nobody asks for anything any more, nothing is held for those who did. */
export async function endsEmpty(
  theatre: Theatre,
  safety: Safety,
  patienceMs: number,
): Promise<void> {
  const { world } = theatre.stage
  const left = (): readonly (readonly [string, Holding])[] =>
    theatre.nodes.flatMap((node) =>
      node
        .leftovers()
        .filter(({ held, max }) => held > max)
        .map((holding) => [node.host.name, holding] as const),
    )
  await world.run(world.now + patienceMs, () => left().length === 0)
  for (const [who, holding] of left()) tell(safety, who, holding)
}

function tell(safety: Safety, who: string, { what, held, max }: Holding): void {
  if (held > max)
    safety.fail('unbounded', `${who} holds ${held} ${what}, and ${max} at most may be`)
}

/** Each key of a purge that no sweep has made needless is a stamp, and one more is the project's into which others were folded. */
export function stampsOf(
  freshness: { logId: string; floor: number; applied: number; stampCount: number },
  ledger: Ledger,
): readonly Holding[] {
  const { logId, floor, applied, stampCount } = freshness
  if (logId !== ledger.logId) return []
  return [{ what: 'stamps', held: stampCount, max: ledger.keysBetween(floor, applied) + 1 }]
}
