import type { DeliverySettings, SignedUrls } from './delivery-settings.ts'
import type { SmartCropSize } from './smart-crops.ts'
import type { SizeRule } from './sizes.ts'

/**
 * Records: small versioned documents that control writes through `origin` before the purge-log entry that announces them
 * commits, and that delivery reads through `origin`, cached with keys and marks like any bytes. They are what lets
 * delivery live while control is down.
 */

/** A record's name, also its path under the origin's `records` folder (each part percent-encoded there). */
export const recordName = {
  /** Host, company, alias and token to project: the one record that an edge needs. */
  names: () => 'names',
  project: (project: string) => `${project}/project`,
  presets: (project: string) => `${project}/presets`,
  asset: (project: string, id: string) => `${project}/assets/${id}`,
} as const

/** What an edge must know to tell which project a request is for. */
export interface NamesRecord {
  readonly projects: readonly ProjectNames[]
}

export interface ProjectNames {
  readonly project: string
  /** Dynamic Media company names that mean this project besides its own name: the company and its aliases. */
  readonly companies: readonly string[]
  readonly tokens: readonly string[]
  /** Own hostnames, lower case, without port. */
  readonly hosts: readonly string[]
  /** Cloudimage aliases: `_name_` to an origin URL prefix `host/path`. */
  readonly originAliases: Readonly<Record<string, string>>
  /** Where a path without a host in front lies: `host/path`. */
  readonly originPrefix?: string
  readonly sizes?: SizeRule
  /** Set when caches behind our edges are targets of the project. */
  readonly outer?: OuterCaches
  /** Set when URLs must be signed. Given to nodes alone. */
  readonly signing?: Pick<SignedUrls, 'keys'>
}

/** What edges must do for caches behind them that a project's targets purge (freshness rule P15). */
export interface OuterCaches {
  /** One knows nothing but URLs: each spelling is recorded before its answer leaves. */
  readonly recordUrls: boolean
  /** Lower-case response headers in which answers bear their tags. */
  readonly tagHeaders: readonly string[]
}

export interface OriginRule {
  /** Lower-case hostname without port, or `*.` and one: the only hosts that may be fetched are those listed. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  /** `host:port` to connect to instead of resolving `host`. */
  readonly connectTo?: string
  /** Permits loopback, private and other special addresses for this host. */
  readonly allowPrivate?: boolean
  /** Extra request headers for this origin. */
  readonly headers?: Readonly<Record<string, string>>
  /** Connections to a host at a time; 16 when absent. */
  readonly connectionsMax?: number
  /** Reads of a host that may begin within a second; 50 when absent. */
  readonly readsPerSecond?: number
}

/** The settings that delivery needs. */
export interface ProjectRecord {
  readonly project: string
  readonly origins: readonly OriginRule[]
  readonly cdnTtlSeconds: number
  readonly browserTtlSeconds: number
  /** Absent: the usual three. */
  readonly smartCrops?: readonly SmartCropSize[]
  /** What was set; the rest has its default. */
  readonly delivery?: Partial<RecordedDelivery>
}

/** Of the delivery settings those that an image server needs. */
export type RecordedDelivery = Pick<
  DeliverySettings,
  | 'missingOriginal'
  | 'missingImage'
  | 'watermarkImage'
  | 'missingTtlSeconds'
  | 'staleIfErrorSeconds'
>

/** Preset name in lower case to its modifiers, as written: `wid=400&fmt=jpeg`. */
export interface PresetsRecord {
  readonly presets: Readonly<Record<string, string>>
}

/** Rectangle in shares of the upright original: 0..1 each. */
export interface CropRect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface CropRecord {
  readonly rect: CropRect
  /** Output size in pixels when the URL asks for none. */
  readonly width: number
  readonly height: number
}

export const ASSET_KINDS = ['image', 'video', 'document', 'other'] as const
export type AssetKind = (typeof ASSET_KINDS)[number]

/** The file identity that "unchanged" is judged by (freshness rule P12). Times in integer nanoseconds as strings. */
export interface FileIdentity {
  readonly device: string
  readonly inode: string
  readonly size: number
  readonly modifiedNs: string
  readonly changedNs: string
}

export type AssetLocation =
  /** An immutable blob of the data folder, named by its hash. */
  | { readonly kind: 'blob' }
  /** A file of a watched folder; its path is absolute. `settled`: ctime was older than 2 s when hashed. */
  | {
      readonly kind: 'file'
      readonly path: string
      readonly identity: FileIdentity
      readonly settled: boolean
    }

export interface AssetRecord {
  readonly id: string
  readonly kind: AssetKind
  readonly mediaType: string
  readonly published: boolean
  /** 1 for the first version of an asset, then counting. */
  readonly version: number
  /** SHA-256 of the bytes, hex. */
  readonly hash: string
  readonly bytes: number
  /** Upright size in pixels; null for what is not an image. */
  readonly width: number | null
  readonly height: number | null
  readonly location: AssetLocation
  readonly modifiedAt: string
  readonly crops: Readonly<Record<string, CropRecord>>
}
