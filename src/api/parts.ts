import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'

import type { Assets } from '../assets/assets.ts'
import type { Invalidations } from '../invalidation/invalidations.ts'
import type { KnownOriginals } from '../contract/known-originals.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Metrics } from '../kernel/metrics.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'
import type { Authority } from '../purgelog/authority.ts'
import type { AssetRow, Store } from '../store/store.ts'
import type { TargetLibrary } from './target-library.ts'

/** What the composition root gives to the control plane's door. */
export interface ApiParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  readonly store: Store
  readonly assets: Assets
  readonly invalidations: Invalidations
  readonly authority: Authority
  readonly targets: TargetLibrary
  readonly metrics: Metrics
  /** What image servers know of remote originals; without it nothing is. */
  readonly originals?: KnownOriginals
  /** The demo project's pictures; null when there is no demo. */
  readonly demo: DemoPictures | null
  /** Why this process should not get requests yet, in words; empty when it should. */
  readonly notReady: () => readonly string[]
  readonly config: ApiConfig
}

export interface ApiConfig {
  /** Of the program. */
  readonly version: string
  /** SHA-256 of the admin key, hex; null when there is none. */
  readonly adminKeyHash: string | null
  readonly nodeSecret: string
  readonly leaseMs: number
  /** `SLUICE_PROJECT`: what an admin key means in Cloudimage's API, which names no project. */
  readonly defaultProject: string
  /** Addresses or ranges whose `X-Forwarded-*` are believed; empty: nobody's. */
  readonly trustedProxies: readonly string[]
  /** The built console; null when there is none (the API alone). */
  readonly consoleFolder: string | null
}

export interface DemoPictures {
  readonly project: string
  /** Puts the next version of a demo picture in: 1, 2, 1… */
  replace(id: string, by: string): Promise<AssetRow>
}

export type ApiServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** A group of routes. */
export type Routes = (app: ApiServer, parts: ApiParts) => void
