import type { Project, ProjectPatch } from '../../../../src/contract/api/projects.ts'
import { deliveryDraft, deliveryPatch, wrongDelivery } from './delivery-draft.ts'
import type { DeliveryDraft } from './delivery-draft.ts'
import { originDraft, originOf, wrongOrigin } from './origin-draft.ts'
import type { OriginDraft } from './origin-draft.ts'

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
  readonly softSeconds: number
  readonly maxUrlsPerInvalidation: number
  readonly maxOriginalsPerInvalidation: number
  readonly supportUrl: string
  readonly delivery: DeliveryDraft
  readonly smartCrops: readonly SmartCropDraft[]
}

export interface SmartCropDraft {
  readonly name: string
  readonly width: number
  readonly height: number
}

export function settingsOf(project: Project): SettingsDraft {
  return {
    publishServer: project.publishServer ?? '',
    company: project.company ?? '',
    aliases: project.aliases.join('\n'),
    tokens: project.tokens.join('\n'),
    hosts: project.hosts.join('\n'),
    origins: project.origins.map(originDraft),
    originAliases: Object.entries(project.originAliases)
      .map(([name, prefix]) => `${name} = ${prefix}`)
      .join('\n'),
    automaticInvalidation: project.automaticInvalidation,
    cdnTtlSeconds: project.cdnTtlSeconds,
    browserTtlSeconds: project.browserTtlSeconds,
    softSeconds: project.softSeconds,
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
  const whole: ProjectPatch = {
    ...wholeOf(draft),
    delivery: deliveryPatch(draft.delivery, before.delivery),
  }
  const names = Object.keys(draft) as (keyof SettingsDraft)[]
  const changed = names.filter(
    (name) => JSON.stringify(draft[name]) !== JSON.stringify(before[name]),
  )
  return Object.fromEntries(changed.map((name) => [name, whole[name]]))
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
    origins: draft.origins.map(originOf),
    originAliases: Object.fromEntries(entries(draft.originAliases).map(aliasOf)),
    automaticInvalidation: draft.automaticInvalidation,
    cdnTtlSeconds: draft.cdnTtlSeconds,
    browserTtlSeconds: draft.browserTtlSeconds,
    softSeconds: draft.softSeconds,
    maxUrlsPerInvalidation: draft.maxUrlsPerInvalidation,
    maxOriginalsPerInvalidation: draft.maxOriginalsPerInvalidation,
    supportUrl: orNull(draft.supportUrl),
    smartCrops: draft.smartCrops.map((crop) => ({ ...crop, name: crop.name.trim() })),
  }
}

/** Why it cannot be saved yet; null when the server may judge it. */
export function wrongIn(draft: SettingsDraft): string | null {
  const origin = draft.origins.map(wrongOrigin).find((reason) => reason !== null)
  if (origin !== undefined) return origin
  if (entries(draft.originAliases).some((line) => !line.includes('='))) {
    return 'An origin alias is written _name_ = host/path.'
  }
  const numbers = [
    draft.cdnTtlSeconds,
    draft.browserTtlSeconds,
    draft.maxUrlsPerInvalidation,
    draft.maxOriginalsPerInvalidation,
    draft.softSeconds,
    ...draft.smartCrops.flatMap(({ width, height }) => [width, height]),
  ]
  if (draft.smartCrops.some(({ name }) => name.trim() === '')) return 'A smart crop has no name.'
  if (numbers.some((number) => Number.isNaN(number))) return 'A number is missing.'
  return wrongDelivery(draft.delivery)
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
