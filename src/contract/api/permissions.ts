import { Type } from 'typebox'

import { RoleSchema, closed, nullable } from './shapes.ts'

const Permitted = closed({
  allowed: Type.Boolean(),
  /** The least role that may. */
  needs: RoleSchema,
  /** Why not, in a sentence; null when it is allowed. */
  reason: nullable(Type.String()),
})

/** What the asker may do in a project, so that a client can say why a button is off. */
export const PermissionsSchema = closed({
  look: Permitted,
  editAssets: Permitted,
  editPresets: Permitted,
  editTemplate: Permitted,
  invalidate: Permitted,
  everything: Permitted,
  changeSettings: Permitted,
  managePeople: Permitted,
})
