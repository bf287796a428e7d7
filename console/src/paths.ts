import { withChosen } from './chosen.ts'
import type { ChosenValues } from './chosen.ts'

/** Every address of the console, in one place: all of them can be shared and opened directly. */

function project(id: string): string {
  return `/projects/${encodeURIComponent(id)}`
}

function query(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') search.set(name, value)
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** An asset id keeps its `/`, as in the folder that it names. */
function assetPath(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/')
}

export const paths = {
  signIn: (to?: string) => `/sign-in${query({ to })}`,
  home: (id: string) => project(id),
  assets: (id: string, values: { q?: string; folder?: string } = {}) =>
    `${project(id)}/assets${query(values)}`,
  asset: (id: string, asset: string) => `${project(id)}/assets/${assetPath(asset)}`,
  invalidate: (id: string, { tab, ...chosen }: { tab?: string } & ChosenValues = {}) =>
    `${project(id)}/invalidate${withChosen(new URLSearchParams(tab ? { tab } : {}), chosen)}`,
  /** As in Dynamic Media Classic: the template's list, changed in place. */
  classic: (id: string, chosen: ChosenValues = {}) =>
    `${project(id)}/invalidate-cdn${withChosen(new URLSearchParams(), chosen)}`,
  template: (id: string) => `${project(id)}/template`,
  presets: (id: string) => `${project(id)}/presets`,
  log: (id: string, values: { status?: string } = {}) =>
    `${project(id)}/invalidations${query(values)}`,
  invalidation: (id: string, invalidation: string) =>
    `${project(id)}/invalidations/${encodeURIComponent(invalidation)}`,
  live: (id: string, values: { asset?: string; url?: string } = {}) =>
    `${project(id)}/live${query(values)}`,
  nodes: (id: string) => `${project(id)}/nodes`,
  targets: (id: string) => `${project(id)}/targets`,
  settings: (id: string, section?: string) =>
    `${project(id)}/settings${section ? `#${section}` : ''}`,
  people: (id: string) => `${project(id)}/people`,
  help: (id: string) => `${project(id)}/help`,
} as const
