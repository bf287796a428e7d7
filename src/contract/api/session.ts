import { Type } from 'typebox'
import type { Static } from 'typebox'

import { PermissionsSchema } from './permissions.ts'
import {
  EMAIL_LENGTH_MAX,
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
  RoleSchema,
  closed,
  nullable,
} from './shapes.ts'

/** Unsafe methods of a cookie session must carry this header with the session's `csrf` (from `GET /me`). */
export const CSRF_HEADER = 'x-sluice-csrf'

/** A one-time link is `<console>/#/sign-in/<token>`: a fragment is never sent, so no server's log holds the token. */
export const SIGN_IN_FRAGMENT = '#/sign-in/'

export const Me = closed({
  kind: Type.Enum(['key', 'session']),
  /** The key's name, or the account's e-mail. */
  name: Type.String(),
  email: nullable(Type.String()),
  /** May do everything in every project. */
  owner: Type.Boolean(),
  /** Of a session: to be sent as `X-Sluice-CSRF`. */
  csrf: nullable(Type.String()),
  /** False for an account made by an invitation link that has not chosen a password yet. */
  hasPassword: Type.Boolean(),
  projects: Type.Array(
    closed({ id: Type.String(), roles: Type.Array(RoleSchema), may: PermissionsSchema }),
  ),
  /** Of the program. */
  version: Type.String(),
})
export type Me = Static<typeof Me>

export const SignIn = closed({
  email: Type.String({ minLength: 1, maxLength: EMAIL_LENGTH_MAX }),
  password: Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX }),
})
export type SignIn = Static<typeof SignIn>

export const SignInByLink = closed({ token: Type.String({ minLength: 1, maxLength: 200 }) })
export type SignInByLink = Static<typeof SignInByLink>

/** The answer of both sign-ins; the session itself is the cookie. */
export const Session = closed({ me: Me })
export type Session = Static<typeof Session>

/** `current` may be left out only while the account has no password, or soon after a sign-in by link. */
export const PasswordChange = closed({
  current: Type.Optional(Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX })),
  next: Type.String({ minLength: PASSWORD_LENGTH_MIN, maxLength: PASSWORD_LENGTH_MAX }),
})
export type PasswordChange = Static<typeof PasswordChange>
