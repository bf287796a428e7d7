import { ROLES } from './invalidation.ts'
import type { Role } from './invalidation.ts'

/**
 * What people do in a project, and the least role that may: one table for the server, which refuses by it, and for the console,
 * which says by it why a button is off. `everything` empties the whole project's caches, which its origin has to bear: so it is
 * for those who also set its limits.
 */
export const PERMISSIONS = {
  look: 'viewer',
  editAssets: 'editor',
  editPresets: 'editor',
  editTemplate: 'editor',
  invalidate: 'editor',
  everything: 'admin',
  changeSettings: 'admin',
  managePeople: 'admin',
} as const satisfies Record<string, Role>
export type Permission = keyof typeof PERMISSIONS

export interface Permitted {
  readonly allowed: boolean
  readonly needs: Role
  /** Why not, and the way out, in a sentence; null when it is allowed. */
  readonly reason: string | null
}

/** `viewer` < `editor` < `admin`. */
export function hasRole(roles: readonly Role[], needed: Role): boolean {
  return roles.some((role) => ROLES.indexOf(role) >= ROLES.indexOf(needed))
}

export function permitted(roles: readonly Role[], permission: Permission): Permitted {
  const needs = PERMISSIONS[permission]
  const allowed = hasRole(roles, needs)
  return { allowed, needs, reason: allowed ? null : reasonOf(roles, needs) }
}

export function permissionsOf(roles: readonly Role[]): Record<Permission, Permitted> {
  const names = Object.keys(PERMISSIONS) as Permission[]
  const entries = names.map((name) => [name, permitted(roles, name)])
  return Object.fromEntries(entries) as Record<Permission, Permitted>
}

function reasonOf(roles: readonly Role[], needs: Role): string {
  const own = roles.at(-1)
  const here = own === undefined ? 'You have no role here' : `Your role here is ${own}`
  return `${here}; this needs the role ${needs}. Ask an admin of the project.`
}
