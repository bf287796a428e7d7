import type { MissingOriginal } from '../../../../src/contract/delivery-settings.ts'
import type { Project, ProjectPatch } from '../../../../src/contract/api/projects.ts'

/** The settings as they are typed: lists are one entry a line, numbers may be unfinished. */
export interface SettingsDraft {
  readonly publishServer: string
  readonly company: string
  readonly aliases: string
  readonly tokens: string
  readonly hosts: string
  readonly origins: readonly OriginDraft[]
  /** One a line: `_name_ = host/path`. */
  readonly originAliases: string
  readonly automaticInvalidation: boolean
  readonly cdnTtlSeconds: number
  readonly browserTtlSeconds: number
  readonly maxUrlsPerInvalidation: number
  readonly maxOriginalsPerInvalidation: number
  readonly supportUrl: string
  readonly delivery: DeliveryDraft
  readonly smartCrops: readonly SmartCropDraft[]
}

export interface OriginDraft {
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly connectTo: string
  readonly allowPrivate: boolean
  /** Kept as it is: secrets are set through the API. */
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Kept as they are: limits of one host are set through the API. */
  readonly limits: { readonly connectionsMax?: number; readonly readsPerSecond?: number }
}

/** Keys of signed URLs are set through the API: they are secrets. */
export interface DeliveryDraft {
  readonly originPrefix: string
  /** NaN: none. */
  readonly sizeStep: number
  readonly allowedSizes: string
  readonly signed: boolean
  readonly missingOriginal: MissingOriginal
  readonly missingImage: string
  readonly missingTtlSeconds: number
  /** NaN: never by itself. */
  readonly originRefreshSeconds: number
  readonly staleIfErrorSeconds: number
}

export interface SmartCropDraft {
  readonly name: string
  readonly width: number
  readonly height: number
}

export const NEW_ORIGIN: OriginDraft = {
  host: '',
  scheme: 'https',
  connectTo: '',
  allowPrivate: false,
  headers: undefined,
  limits: {},
}

export function settingsOf(project: Project): SettingsDraft {
  return {
    publishServer: project.publishServer ?? '',
    company: project.company ?? '',
    aliases: project.aliases.join('\n'),
    tokens: project.tokens.join('\n'),
    hosts: project.hosts.join('\n'),
    origins: project.origins.map((origin) => ({
      host: origin.host,
      scheme: origin.scheme ?? 'https',
      connectTo: origin.connectTo ?? '',
      allowPrivate: origin.allowPrivate ?? false,
      headers: origin.headers,
      limits: {
        ...(origin.connectionsMax === undefined ? {} : { connectionsMax: origin.connectionsMax }),
        ...(origin.readsPerSecond === undefined ? {} : { readsPerSecond: origin.readsPerSecond }),
      },
    })),
    originAliases: Object.entries(project.originAliases)
      .map(([name, prefix]) => `${name} = ${prefix}`)
      .join('\n'),
    automaticInvalidation: project.automaticInvalidation,
    cdnTtlSeconds: project.cdnTtlSeconds,
    browserTtlSeconds: project.browserTtlSeconds,
    maxUrlsPerInvalidation: project.maxUrlsPerInvalidation,
    maxOriginalsPerInvalidation: project.maxOriginalsPerInvalidation,
    supportUrl: project.supportUrl ?? '',
    delivery: deliveryDraft(project.delivery),
    smartCrops: project.smartCrops,
  }
}

export function isSame(a: SettingsDraft, b: SettingsDraft): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Only what was changed, so that two people who change different settings do not undo each other's. */
export function patchOf(draft: SettingsDraft, before: SettingsDraft): ProjectPatch {
  const whole: ProjectPatch = { ...wholeOf(draft), delivery: deliveryPatch(draft, before) }
  const names = Object.keys(draft) as (keyof SettingsDraft)[]
  const changed = names.filter(
    (name) => JSON.stringify(draft[name]) !== JSON.stringify(before[name]),
  )
  return Object.fromEntries(changed.map((name) => [name, whole[name]]))
}

function deliveryDraft(delivery: Project['delivery']): DeliveryDraft {
  return {
    originPrefix: delivery.originPrefix ?? '',
    sizeStep: delivery.sizeStep ?? Number.NaN,
    allowedSizes: delivery.allowedSizes.join(', '),
    signed: delivery.signedUrls.required,
    missingOriginal: delivery.missingOriginal,
    missingImage: delivery.missingImage ?? '',
    missingTtlSeconds: delivery.missingTtlSeconds,
    originRefreshSeconds: delivery.originRefreshSeconds ?? Number.NaN,
    staleIfErrorSeconds: delivery.staleIfErrorSeconds,
  }
}

/** Only what was changed, too; `required` is set together with the keys, which nobody sees here. */
function deliveryPatch({ delivery }: SettingsDraft, before: SettingsDraft): Delivery {
  const whole: Delivery = {
    originPrefix: orNull(delivery.originPrefix),
    sizeStep: numberOrNull(delivery.sizeStep),
    allowedSizes: entries(delivery.allowedSizes).map(Number),
    missingOriginal: delivery.missingOriginal,
    missingImage: orNull(delivery.missingImage),
    missingTtlSeconds: delivery.missingTtlSeconds,
    originRefreshSeconds: numberOrNull(delivery.originRefreshSeconds),
    staleIfErrorSeconds: delivery.staleIfErrorSeconds,
  }
  const names = Object.keys(whole) as (keyof typeof whole & keyof DeliveryDraft)[]
  const changed = names.filter((name) => !Object.is(delivery[name], before.delivery[name]))
  return Object.fromEntries(changed.map((name) => [name, whole[name]]))
}

type Delivery = NonNullable<ProjectPatch['delivery']>

function numberOrNull(number: number): number | null {
  return Number.isNaN(number) ? null : number
}

function wholeOf(
  draft: SettingsDraft,
): Required<Pick<ProjectPatch, Exclude<keyof SettingsDraft, 'delivery'>>> {
  return {
    publishServer: orNull(draft.publishServer),
    company: orNull(draft.company),
    aliases: entries(draft.aliases),
    tokens: entries(draft.tokens),
    hosts: entries(draft.hosts),
    origins: draft.origins.map((origin) => ({
      host: origin.host.trim(),
      scheme: origin.scheme,
      ...(origin.connectTo.trim() === '' ? {} : { connectTo: origin.connectTo.trim() }),
      ...(origin.allowPrivate ? { allowPrivate: true } : {}),
      ...(origin.headers === undefined ? {} : { headers: { ...origin.headers } }),
      ...origin.limits,
    })),
    originAliases: Object.fromEntries(entries(draft.originAliases).map(aliasOf)),
    automaticInvalidation: draft.automaticInvalidation,
    cdnTtlSeconds: draft.cdnTtlSeconds,
    browserTtlSeconds: draft.browserTtlSeconds,
    maxUrlsPerInvalidation: draft.maxUrlsPerInvalidation,
    maxOriginalsPerInvalidation: draft.maxOriginalsPerInvalidation,
    supportUrl: orNull(draft.supportUrl),
    smartCrops: draft.smartCrops.map((crop) => ({ ...crop, name: crop.name.trim() })),
  }
}

/** Why it cannot be saved yet; null when the server may judge it. */
export function wrongIn(draft: SettingsDraft): string | null {
  if (draft.origins.some(({ host }) => host.trim() === '')) return 'An origin has no host.'
  if (entries(draft.originAliases).some((line) => !line.includes('='))) {
    return 'An origin alias is written _name_ = host/path.'
  }
  const numbers = [
    draft.cdnTtlSeconds,
    draft.browserTtlSeconds,
    draft.maxUrlsPerInvalidation,
    draft.maxOriginalsPerInvalidation,
    draft.delivery.missingTtlSeconds,
    draft.delivery.staleIfErrorSeconds,
    ...draft.smartCrops.flatMap(({ width, height }) => [width, height]),
  ]
  if (draft.smartCrops.some(({ name }) => name.trim() === '')) return 'A smart crop has no name.'
  if (entries(draft.delivery.allowedSizes).some((size) => !/^\d+$/.test(size))) {
    return 'Allowed sizes are numbers, separated by commas.'
  }
  if (numbers.some((number) => Number.isNaN(number))) return 'A number is missing.'
  return null
}

function aliasOf(line: string): readonly [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}

function entries(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}
