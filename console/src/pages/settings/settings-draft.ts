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
  }
}

export function isSame(a: SettingsDraft, b: SettingsDraft): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Only what was changed, so that two people who change different settings do not undo each other's. */
export function patchOf(draft: SettingsDraft, before: SettingsDraft): ProjectPatch {
  const whole = wholeOf(draft)
  const names = Object.keys(draft) as (keyof SettingsDraft)[]
  const changed = names.filter(
    (name) => JSON.stringify(draft[name]) !== JSON.stringify(before[name]),
  )
  return Object.fromEntries(changed.map((name) => [name, whole[name]]))
}

function wholeOf(draft: SettingsDraft): Required<Pick<ProjectPatch, keyof SettingsDraft>> {
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
  ]
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
