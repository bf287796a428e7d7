import type { DeliverySettings } from '../contract/delivery-settings.ts'
import { parseOriginal } from '../contract/original.ts'
import type { ProjectNames } from '../contract/records.ts'
import type { AssetsErrorDetail } from './errors.ts'

/** What the delivery settings of a project may be, judged as a whole: after what was set now is laid on what was set before. */

/** What HMAC-SHA-256 is worth, in characters of a good secret. */
const SECRET_LENGTH_MIN = 32
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/
const NUMBERS = {
  sizeStep: { min: 2, max: 1000, nullable: true },
  missingTtlSeconds: { min: 1, max: 86_400, nullable: false },
  originRefreshSeconds: { min: 60, max: 31_536_000, nullable: true },
  staleIfErrorSeconds: { min: 0, max: 31_536_000, nullable: false },
} as const

export function deliveryErrors(settings: DeliverySettings): readonly AssetsErrorDetail[] {
  return [
    ...numberErrors(settings),
    ...prefixErrors(settings.originPrefix),
    ...sizeErrors(settings),
    ...signingErrors(settings.signedUrls),
    ...missingErrors(settings),
    ...pictureErrors('watermarkImage', settings.watermarkImage),
  ]
}

function wrong(field: string, reason: string): readonly AssetsErrorDetail[] {
  return [{ pointer: `/delivery/${field}`, reason }]
}

function numberErrors(settings: DeliverySettings): readonly AssetsErrorDetail[] {
  return Object.entries(NUMBERS).flatMap(([field, { min, max, nullable }]) => {
    const value = settings[field as keyof typeof NUMBERS]
    if (value === null && nullable) return []
    return value !== null && Number.isSafeInteger(value) && value >= min && value <= max
      ? []
      : wrong(field, `A whole number from ${min} to ${max}.`)
  })
}

function prefixErrors(prefix: string | null): readonly AssetsErrorDetail[] {
  if (prefix === null) return []
  const bare = prefix.replace(/\/+$/, '')
  const url = URL.parse(`https://${bare}/`)
  const sound =
    url !== null &&
    url.username === '' &&
    url.hash === '' &&
    url.search === '' &&
    !prefix.includes('://') &&
    !prefix.startsWith('/')
  return sound
    ? []
    : wrong('originPrefix', 'Write host and path without scheme: sample.li/pictures.')
}

function sizeErrors(settings: DeliverySettings): readonly AssetsErrorDetail[] {
  const { sizeStep, allowedSizes } = settings
  if (!allowedSizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
    return wrong('allowedSizes', 'Whole numbers of pixels, above 0.')
  }
  return sizeStep !== null && allowedSizes.length > 0
    ? wrong('sizeStep', 'Round sizes or list them, not both.')
    : []
}

function signingErrors({
  required,
  keys,
}: DeliverySettings['signedUrls']): readonly AssetsErrorDetail[] {
  const ids = keys.map(({ id }) => id)
  return [
    ...(required && keys.length === 0
      ? wrong('signedUrls', 'Without a key no URL could be signed: add one first.')
      : []),
    ...(new Set(ids).size < ids.length ? wrong('signedUrls/keys', 'Two keys have one id.') : []),
    ...keys.flatMap(({ id, secret }, at) =>
      KEY_ID.test(id) && secret.length >= SECRET_LENGTH_MIN
        ? []
        : wrong(
            `signedUrls/keys/${at}`,
            `An id of letters, digits, dots and dashes, and a secret of ${SECRET_LENGTH_MIN} characters or more.`,
          ),
    ),
  ]
}

/** Its path is read as in a delivery URL, but without aliases and prefix: these may change under it. */
const NO_NAMES: ProjectNames = {
  project: '',
  companies: [],
  tokens: [],
  hosts: [],
  originAliases: {},
}

function missingErrors(settings: DeliverySettings): readonly AssetsErrorDetail[] {
  const { missingOriginal, missingImage } = settings
  if (missingImage === null) {
    return missingOriginal.startsWith('default-image')
      ? wrong('missingImage', 'Name the picture that is shown instead: an asset or an original.')
      : []
  }
  return pictureErrors('missingImage', missingImage)
}

function pictureErrors(field: string, path: string | null): readonly AssetsErrorDetail[] {
  const parsed = path === null ? null : parseOriginal(path, NO_NAMES)
  return parsed === null || parsed.ok ? [] : wrong(field, `${parsed.reason}.`)
}
