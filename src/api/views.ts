import type { Asset } from '../contract/api/assets.ts'
import type { NodeView } from '../contract/api/nodes.ts'
import type { Project } from '../contract/api/projects.ts'
import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import { deliverySettings } from '../contract/delivery-settings.ts'
import { SOFT_SECONDS_DEFAULT } from '../contract/invalidation.ts'
import type { Role } from '../contract/invalidation.ts'
import { permissionsOf } from '../contract/permissions.ts'
import { SMART_CROPS_DEFAULT } from '../contract/smart-crops.ts'
import { mayAct } from './access.ts'
import type { AssetRow, NodeRow, ProjectRow } from '../store/store.ts'

/** From rows to what clients are shown. Pure. */

export interface ProjectContext {
  readonly roles: readonly Role[]
  readonly demoProject: string | null
  readonly nodes: readonly NodeRow[]
}

export function projectView(row: ProjectRow, context: ProjectContext): Project {
  const isAdmin = mayAct(context.roles, 'admin')
  return {
    id: row.id,
    company: row.company,
    aliases: [...row.aliases],
    publishServer: row.publishServer,
    tokens: [...row.tokens],
    hosts: [...row.hosts],
    // Headers may hold an origin's password: for admins only.
    origins: row.origins.map(({ headers, ...rule }) =>
      isAdmin && headers !== undefined ? { ...rule, headers: { ...headers } } : rule,
    ),
    originAliases: { ...row.originAliases },
    cdnTtlSeconds: row.cdnTtlSeconds,
    browserTtlSeconds: row.browserTtlSeconds,
    automaticInvalidation: row.automaticInvalidation,
    softSeconds: row.softSeconds ?? SOFT_SECONDS_DEFAULT,
    maxUrlsPerInvalidation: row.maxUrlsPerInvalidation,
    maxOriginalsPerInvalidation: row.maxOriginalsPerInvalidation,
    smartCrops: (row.smartCrops ?? SMART_CROPS_DEFAULT).map((size) => ({ ...size })),
    supportUrl: row.supportUrl,
    delivery: deliveryView(row, isAdmin),
    demo: row.id === context.demoProject,
    readOnlySource: readOnlySource(row),
    edges: edgesOf(context.nodes).map(({ node, url }) => ({ node, url })),
    roles: [...context.roles],
    may: permissionsOf(context.roles),
    createdAt: instant(row.createdAt),
  }
}

function deliveryView(row: ProjectRow, isAdmin: boolean): Project['delivery'] {
  const { allowedSizes, signedUrls, ...settings } = deliverySettings(row.delivery)
  const { required, keys } = signedUrls
  return {
    ...settings,
    allowedSizes: [...allowedSizes],
    // Whoever holds a key can sign any URL of the project.
    signedUrls: { required, keys: isAdmin ? keys.map((key) => ({ ...key })) : [] },
  }
}

export function readOnlySource(row: ProjectRow): { path: string } | null {
  return row.assetSource.kind === 'folder' ? { path: row.assetSource.path } : null
}

export function assetView(row: AssetRow, project: ProjectRow): Asset {
  const what = undeliverable(row)
  return {
    id: row.id,
    kind: row.kind,
    mediaType: row.mediaType,
    published: row.published,
    version: row.version,
    hash: row.hash,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    modifiedAt: instant(row.modifiedAt),
    crops: { ...row.crops },
    url: what === null ? deliveryUrl(row, project) : null,
    notDelivered: what === null ? null : `${undeliverableReason(row.id, what)}.`,
  }
}

function deliveryUrl(row: AssetRow, project: ProjectRow): string | null {
  if (project.publishServer === null) return null
  const folder = row.kind === 'image' ? 'image' : 'content'
  const company = encodeURIComponent(project.company ?? project.id)
  const id = row.id.split('/').map(encodeURIComponent).join('/')
  return `${project.publishServer.replace(/\/+$/, '')}/is/${folder}/${company}/${id}`
}

export function nodeView(row: NodeRow, head: number, leaseMs: number): NodeView {
  return {
    id: row.id,
    incarnation: row.incarnation,
    role: row.role,
    version: row.version,
    urls: [...row.urls],
    applied: row.applied,
    head,
    lag: Math.max(0, head - row.applied),
    state: row.state,
    seenAt: instant(row.seenAt),
    leaseSeconds: leaseMs / 1000,
  }
}

export interface EdgeAddress {
  readonly node: string
  readonly incarnation: string
  readonly url: string
}

/** Edges that are in, by name, each by its first public URL. */
export function edgesOf(nodes: readonly NodeRow[]): readonly EdgeAddress[] {
  return nodes
    .filter(({ role, state }) => role === 'edge' && state === 'in')
    .map(({ id, incarnation, urls }) => ({ node: id, incarnation, url: urls.find(isHttp) ?? '' }))
    .filter(({ url }) => url !== '')
    .toSorted((a, b) => (a.node < b.node ? -1 : 1))
}

/** A node says itself where it answers; one that says nonsense must not break what looks at all of them. */
function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

export function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
