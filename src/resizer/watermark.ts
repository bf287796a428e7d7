import type { DeliveryUrl } from '../contract/delivery-url.ts'
import type { ProjectRecord } from '../contract/records.ts'
import type { Problem } from './problems.ts'
import type { InputNeed } from './record-reader.ts'
import { readInput } from './rendition-input.ts'
import type { Input, InputParts } from './rendition-input.ts'

/** The watermark of a rendition: an input like the original, with keys of its own (freshness rule P11). */

/** One that cannot be had refuses the picture: it must not come without the mark that was asked for. */
export async function readMark(
  parts: InputParts,
  url: DeliveryUrl,
  project: ProjectRecord,
  need: InputNeed,
): Promise<Input | Problem> {
  const input = await readInput(parts, url, project, need)
  if (!('status' in input)) return input
  const { status, reason, retryAfterSeconds } = input
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return { status, parameter: 'wat_url', reason: `The watermark: ${reason}`, ...retry }
}

/** What a rendition of both is known to be as fresh as. */
export function togetherOf({ remote }: Input, mark: Input | null): Input['remote'] {
  const other = mark?.remote ?? null
  if (!remote || !other) return remote ?? other
  return {
    confirmedAt: Math.min(remote.confirmedAt, other.confirmedAt),
    stale: remote.stale || other.stale,
  }
}
