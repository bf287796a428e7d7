import { deliverySettings } from './delivery-settings.ts'
import type { DeliverySettings } from './delivery-settings.ts'
import type { NamesRecord, OuterCaches, ProjectNames } from './records.ts'

/** The settings of a project that say which URLs are its own and what they mean. */
export interface NamedProject {
  readonly id: string
  readonly company: string | null
  readonly aliases: readonly string[]
  readonly tokens: readonly string[]
  readonly hosts: readonly string[]
  readonly originAliases: Readonly<Record<string, string>>
  readonly delivery?: Partial<DeliverySettings>
  readonly outerCaches?: OuterCaches
}

export function projectNames(project: NamedProject): ProjectNames {
  const { originPrefix, sizeStep, allowedSizes, signedUrls } = deliverySettings(project.delivery)
  const sized = sizeStep !== null || allowedSizes.length > 0
  return {
    project: project.id,
    companies: project.company === null ? project.aliases : [project.company, ...project.aliases],
    tokens: project.tokens,
    hosts: project.hosts,
    originAliases: project.originAliases,
    ...(originPrefix === null ? {} : { originPrefix }),
    ...(sized ? { sizes: { step: sizeStep, allowed: allowedSizes } } : {}),
    ...(project.outerCaches ? { outer: project.outerCaches } : {}),
    ...(signedUrls.required ? { signing: { keys: signedUrls.keys } } : {}),
  }
}

/** Lookups in the record of names, built once for each version of it. */
export interface NamesIndex {
  readonly byCompany: ReadonlyMap<string, ProjectNames>
  readonly byToken: ReadonlyMap<string, ProjectNames>
  readonly byHost: ReadonlyMap<string, ProjectNames>
}

const indexes = new WeakMap<NamesRecord, NamesIndex>()

export function namesIndex(names: NamesRecord): NamesIndex {
  const known = indexes.get(names)
  if (known) return known
  const index = {
    byCompany: indexed(names, ({ project, companies }) => [project, ...companies]),
    byToken: indexed(names, ({ tokens }) => tokens.map((token) => token.toLowerCase())),
    byHost: indexed(names, ({ hosts }) => hosts.map((host) => host.toLowerCase())),
  }
  indexes.set(names, index)
  return index
}

/** The first project that claims a name keeps it. */
function indexed(
  { projects }: NamesRecord,
  namesOf: (project: ProjectNames) => readonly string[],
): ReadonlyMap<string, ProjectNames> {
  const index = new Map<string, ProjectNames>()
  for (const project of projects) {
    for (const name of namesOf(project)) {
      if (!index.has(name)) index.set(name, project)
    }
  }
  return index
}

/** By a project's own hostname, else by a token as the first label: `doc.cloudimg.io`, `doc.localhost:8081`. */
export function projectOfHost(index: NamesIndex, host: string): ProjectNames | null {
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  const own = index.byHost.get(name)
  if (own) return own
  const dot = name.indexOf('.')
  if (dot <= 0 || IPV4.test(name)) return null
  return index.byToken.get(name.slice(0, dot)) ?? null
}

/** The first number of an address is no token. */
const IPV4 = /^\d+(?:\.\d+){3}$/
