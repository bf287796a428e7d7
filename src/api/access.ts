import type { Role } from '../contract/invalidation.ts'
import { PERMISSIONS, hasRole } from '../contract/permissions.ts'

/**
 * Who may call what: the one table, used by the server for every request and walked by a test over every route, role and
 * project. A route that is not here does not start.
 */
export type Access =
  /** Anybody. */
  | 'public'
  /** Any key or session. */
  | 'signed-in'
  /** At least this role in the project that the path names; to others the project does not exist. */
  | Role
  /** Keys and accounts with all rights. */
  | 'owner'
  /** `X-Client-Key` of Cloudimage's clients; the routes look at roles themselves. */
  | 'client-key'
  /** Nodes, by the shared secret; never a key or a session. */
  | 'node'

const P = '/api/v1/projects/:project'

export const ROUTE_ACCESS: Readonly<Record<string, Access>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  'GET /api/docs': 'public',
  'GET /api/v1/openapi.json': 'public',
  'GET /*': 'public',

  'POST /api/v1/session': 'public',
  'POST /api/v1/session/link': 'public',
  'DELETE /api/v1/session': 'signed-in',
  'POST /api/v1/session/password': 'signed-in',
  'GET /api/v1/me': 'signed-in',

  'GET /api/v1/projects': 'signed-in',
  'POST /api/v1/projects': 'owner',
  [`GET ${P}`]: 'viewer',
  [`PATCH ${P}`]: PERMISSIONS.changeSettings,
  [`GET ${P}/overview`]: 'viewer',
  [`GET ${P}/events`]: 'viewer',
  [`GET ${P}/problems`]: 'viewer',
  [`GET ${P}/folders`]: 'viewer',
  [`POST ${P}/demo/:id/replace`]: 'editor',

  [`GET ${P}/members`]: 'admin',
  [`POST ${P}/members`]: 'admin',
  [`DELETE ${P}/members/:id`]: 'admin',
  [`GET ${P}/keys`]: 'admin',
  [`POST ${P}/keys`]: 'admin',
  [`DELETE ${P}/keys/:id`]: 'admin',

  [`GET ${P}/assets`]: 'viewer',
  [`POST ${P}/assets/actions`]: PERMISSIONS.editAssets,
  [`GET ${P}/assets/:id`]: 'viewer',
  [`PUT ${P}/assets/:id`]: PERMISSIONS.editAssets,
  [`PATCH ${P}/assets/:id`]: PERMISSIONS.editAssets,
  [`DELETE ${P}/assets/:id`]: PERMISSIONS.editAssets,
  [`GET ${P}/assets/:id/content`]: 'viewer',
  [`GET ${P}/assets/:id/thumbnail`]: 'viewer',
  [`GET ${P}/assets/:id/preview`]: 'viewer',
  [`GET ${P}/assets/:id/copies`]: 'viewer',
  [`GET ${P}/assets/:id/renditions`]: 'viewer',
  [`GET ${P}/assets/:id/versions`]: 'viewer',
  [`POST ${P}/assets/:id/versions/:version/restore`]: 'editor',
  [`GET ${P}/assets/:id/crops`]: 'viewer',
  [`GET ${P}/assets/:id/crops/:name`]: 'viewer',
  [`PUT ${P}/assets/:id/crops/:name`]: 'editor',
  [`DELETE ${P}/assets/:id/crops/:name`]: 'editor',

  [`GET ${P}/originals`]: 'viewer',
  [`GET ${P}/presets`]: 'viewer',
  [`GET ${P}/presets/:name`]: 'viewer',
  [`GET ${P}/presets/:name/usage`]: 'viewer',
  [`PUT ${P}/presets/:name`]: PERMISSIONS.editPresets,
  [`DELETE ${P}/presets/:name`]: PERMISSIONS.editPresets,
  [`GET ${P}/template`]: 'viewer',
  [`PUT ${P}/template`]: PERMISSIONS.editTemplate,
  [`POST ${P}/template/check`]: 'viewer',
  [`GET ${P}/template/versions`]: 'viewer',
  [`GET ${P}/template/versions/:version`]: 'viewer',
  [`POST ${P}/template/versions/:version/restore`]: PERMISSIONS.editTemplate,

  [`POST ${P}/invalidations/preview`]: 'viewer',
  [`GET ${P}/invalidations`]: 'viewer',
  [`POST ${P}/invalidations`]: PERMISSIONS.invalidate,
  [`GET ${P}/invalidations/:id`]: 'viewer',
  [`GET ${P}/invalidations/:id/urls`]: 'viewer',
  [`GET ${P}/invalidations/export`]: 'viewer',
  [`GET ${P}/invalidations/:id/report`]: 'viewer',
  [`GET ${P}/invalidations/:id/events`]: 'viewer',
  [`GET ${P}/invalidations/:id/evidence`]: 'viewer',
  [`POST ${P}/invalidations/:id/retry`]: 'editor',
  [`POST ${P}/invalidations/:id/cancel`]: 'editor',

  [`GET ${P}/live`]: 'viewer',
  [`GET ${P}/live/bytes`]: 'viewer',
  [`POST ${P}/live/visit`]: 'viewer',

  [`GET ${P}/targets`]: 'viewer',
  [`GET ${P}/targets/:id`]: 'viewer',
  [`PUT ${P}/targets/:id`]: 'admin',
  [`DELETE ${P}/targets/:id`]: 'admin',
  [`POST ${P}/targets/:id/test`]: 'admin',

  'GET /api/v1/nodes': 'signed-in',
  'GET /api/v1/nodes/:id': 'signed-in',
  'DELETE /api/v1/nodes/:id': 'owner',

  'POST /invalidate': 'client-key',
  'GET /invalidate/:uuid': 'client-key',

  'POST /internal/nodes/register': 'node',
  'POST /internal/nodes/follow': 'node',
  'POST /internal/nodes/renew': 'node',
  'POST /internal/nodes/peeks': 'node',
  'POST /internal/nodes/served': 'node',
  'POST /internal/nodes/keep': 'node',
}

export function accessOf(method: string, url: string): Access | undefined {
  const plain = method === 'HEAD' ? 'GET' : method
  return Object.hasOwn(ROUTE_ACCESS, `${plain} ${url}`)
    ? ROUTE_ACCESS[`${plain} ${url}`]
    : undefined
}

/** `viewer` < `editor` < `admin`. */
export const mayAct: (roles: readonly Role[], needed: Role) => boolean = hasRole
