import { cloudimageUrl } from '../contract/cloudimage.ts'
import { markSubject } from '../contract/cloudimage-watermark.ts'
import { deliverySettings } from '../contract/delivery-settings.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import type { Recipe } from '../contract/recipe.ts'
import type { ProjectRecord } from '../contract/records.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import type { Input, Problem } from './rendition.ts'

/** The watermark of a rendition: an input like the original, with keys of its own (freshness rule P11). */

export interface Mark {
  readonly input: Input
  readonly keyTexts: readonly string[]
}

/**
 * Null where there is none. One that cannot be had refuses the picture: it must not come without the mark that was asked for.
 */
export async function readMark(
  project: ProjectRecord,
  url: DeliveryUrl,
  { watermark }: Recipe,
  readInput: (url: DeliveryUrl) => Promise<Input | Problem>,
): Promise<Mark | Problem | null> {
  if (!watermark) return null
  const source = watermark.source ?? deliverySettings(project.delivery).watermarkImage
  const subject = source === null ? null : markSubject(source)
  const parsed = subject ? cloudimageUrl(url.project, subject, '') : null
  if (!parsed?.ok) return null
  const input = await readInput({ ...parsed.url, cacheSeconds: url.cacheSeconds })
  if ('status' in input) {
    const { status, reason, retryAfterSeconds } = input
    const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
    return { status, parameter: 'wat_url', reason: `The watermark: ${reason}`, ...retry }
  }
  return { input, keyTexts: urlKeyTexts(parsed.url) }
}

/** What a rendition of both is known to be as fresh as. */
export function togetherOf({ remote }: Input, mark: Mark | null): Input['remote'] {
  const other = mark?.input.remote ?? null
  if (!remote || !other) return remote ?? other
  return {
    confirmedAt: Math.min(remote.confirmedAt, other.confirmedAt),
    stale: remote.stale || other.stale,
  }
}
