import type { MissingOriginal } from '../../../../src/contract/delivery-settings.ts'
import type { Project, ProjectPatch } from '../../../../src/contract/api/projects.ts'

/** Delivery settings as they are typed: lists are text, numbers may be unfinished. */
export interface DeliveryDraft {
  readonly originPrefix: string
  /** NaN: none. */
  readonly sizeStep: number
  readonly allowedSizes: string
  readonly signedUrls: Project['delivery']['signedUrls']
  readonly missingOriginal: MissingOriginal
  readonly missingImage: string
  readonly watermarkImage: string
  readonly missingTtlSeconds: number
  /** NaN: never by itself. */
  readonly originRefreshSeconds: number
  readonly staleIfErrorSeconds: number
}

type Delivery = NonNullable<ProjectPatch['delivery']>

export function deliveryDraft(delivery: Project['delivery']): DeliveryDraft {
  return {
    originPrefix: delivery.originPrefix ?? '',
    sizeStep: delivery.sizeStep ?? Number.NaN,
    allowedSizes: delivery.allowedSizes.join(', '),
    signedUrls: delivery.signedUrls,
    missingOriginal: delivery.missingOriginal,
    missingImage: delivery.missingImage ?? '',
    watermarkImage: delivery.watermarkImage ?? '',
    missingTtlSeconds: delivery.missingTtlSeconds,
    originRefreshSeconds: delivery.originRefreshSeconds ?? Number.NaN,
    staleIfErrorSeconds: delivery.staleIfErrorSeconds,
  }
}

/** Only what was changed. */
export function deliveryPatch(draft: DeliveryDraft, before: DeliveryDraft): Delivery {
  const { missingOriginal, missingTtlSeconds, staleIfErrorSeconds, signedUrls } = draft
  const whole: Delivery = {
    originPrefix: orNull(draft.originPrefix),
    sizeStep: numberOrNull(draft.sizeStep),
    allowedSizes: sizesIn(draft.allowedSizes).map(Number),
    signedUrls,
    missingOriginal,
    missingImage: orNull(draft.missingImage),
    watermarkImage: orNull(draft.watermarkImage),
    missingTtlSeconds,
    originRefreshSeconds: numberOrNull(draft.originRefreshSeconds),
    staleIfErrorSeconds,
  }
  const names = Object.keys(whole) as (keyof Delivery & keyof DeliveryDraft)[]
  const changed = names.filter(
    (name) => JSON.stringify(draft[name]) !== JSON.stringify(before[name]),
  )
  return Object.fromEntries(changed.map((name) => [name, whole[name]]))
}

/** Why it cannot be saved yet; null when the server may judge it. */
export function wrongDelivery(draft: DeliveryDraft): string | null {
  if (sizesIn(draft.allowedSizes).some((size) => !/^\d+$/.test(size))) {
    return 'Allowed sizes are numbers, separated by commas.'
  }
  const { required, keys } = draft.signedUrls
  if (required && keys.length === 0) return 'Signed URLs need a key: add one, or do not require it.'
  const numbers = [draft.missingTtlSeconds, draft.staleIfErrorSeconds]
  return numbers.some((number) => Number.isNaN(number)) ? 'A number is missing.' : null
}

function sizesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((size) => size !== '')
}

function numberOrNull(number: number): number | null {
  return Number.isNaN(number) ? null : number
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}
