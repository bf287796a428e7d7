/**
 * How a project's originals are delivered, beyond where they come from and how long answers live. Kept with the project as far as
 * somebody set them; what was never set has the value of `DELIVERY_DEFAULTS`.
 */
export interface DeliverySettings {
  /** `host/path` that a path without a host in front stands under (Cloudimage's page "Origin URL prefix"). */
  readonly originPrefix: string | null
  /** Sizes in URLs are rounded up to a multiple of this many pixels. */
  readonly sizeStep: number | null
  /** The only sizes that URLs may ask for; empty: any. */
  readonly allowedSizes: readonly number[]
  readonly signedUrls: SignedUrls
  readonly missingOriginal: MissingOriginal
  /** What stands for a missing original: the path of an asset or of another original, as in a delivery URL. */
  readonly missingImage: string | null
  /** What `wat=1` lays over a picture when the URL names no watermark: the path of an asset or of another original. */
  readonly watermarkImage: string | null
  /** How long "missing" is believed, by caches and by the image server. */
  readonly missingTtlSeconds: number
  /** How often originals are looked at again at their origin; null: never by itself. */
  readonly originRefreshSeconds: number | null
  /** How long past its lifetime an original may stand in for an origin that fails; 0: not at all. */
  readonly staleIfErrorSeconds: number
}

export interface SignedUrls {
  /** URLs without a valid signature are refused. */
  readonly required: boolean
  readonly keys: readonly SigningKey[]
}

export interface SigningKey {
  readonly id: string
  readonly secret: string
}

/** The four choices of Cloudimage's page "Origin image missing", and a 404 with a sentence, which is the default. */
export const MISSING_ORIGINALS = [
  'text-404',
  'empty-404',
  'default-image-404',
  'default-image-200',
  'transparent-200',
] as const
export type MissingOriginal = (typeof MISSING_ORIGINALS)[number]

export const DELIVERY_DEFAULTS: DeliverySettings = {
  originPrefix: null,
  sizeStep: null,
  allowedSizes: [],
  signedUrls: { required: false, keys: [] },
  missingOriginal: 'text-404',
  missingImage: null,
  watermarkImage: null,
  // Long enough to shield an origin from a missing picture on a busy page, short enough that nobody waits for one put in.
  missingTtlSeconds: 10,
  originRefreshSeconds: null,
  staleIfErrorSeconds: 0,
}

export function deliverySettings(
  set: Partial<DeliverySettings> | null | undefined,
): DeliverySettings {
  return { ...DELIVERY_DEFAULTS, ...set }
}
