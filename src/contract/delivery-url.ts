import type { NamesRecord } from './records.ts'

/**
 * What a delivery URL means, whatever its spelling. Two URLs of one rendition have the same `rendition`; the order, case,
 * defaults and encoding of parameters, host, scheme, alias and ignored parameters never make a second one.
 */
export interface DeliveryUrl {
  readonly dialect: 'dynamic-media' | 'cloudimage'
  readonly project: string
  readonly subject: DeliverySubject
  /**
   * Canonical path and query with lifetime and version token: the cache key, and what an edge asks a resizer for. Begins with
   * `/~/image/<project>/`, `/~/content/<project>/` (Dynamic Media), `/~/original/<project>/` or `/~/asset/<project>/`
   * (Cloudimage, on a remote original or an asset): forms that no public listener accepts; `parseCanonicalTarget`
   * reads them back without names.
   */
  readonly target: string
  /** `target` without the version token and the lifetime: names the rendition. */
  readonly rendition: string
  /** Canonical path alone. */
  readonly path: string
  /** `vh=` (Cloudimage) or `id=` (Dynamic Media), as given. */
  readonly versionToken: string | null
  /** `ci_cache=` (Cloudimage): how long this very URL lives, in seconds. In `target`, not in `rendition`. */
  readonly cacheSeconds: number | null
  /** Output formats among which `Accept` chooses; empty when the URL fixes the format. */
  readonly negotiates: readonly string[]
  /** Preset names, lower case, in order of use. */
  readonly presets: readonly string[]
  /** The decoded, ordered parameters that mean something; parsed further by `resolveRecipe`. */
  readonly modifiers: readonly Modifier[]
  /** The bytes themselves, or properties of them (`req=` of Dynamic Media). */
  readonly asks: Asked
}

export type DeliverySubject =
  | { readonly kind: 'image'; readonly asset: string; readonly crop: string | null }
  | { readonly kind: 'content'; readonly asset: string }
  /** A remote original, canonical: `host/path[?query]`, without scheme. */
  | { readonly kind: 'original'; readonly original: string }

export type Asked =
  | { readonly kind: 'bytes' }
  | {
      readonly kind: 'properties'
      /** `props`: of the answer; `imageprops`: of the original; `exists`: whether there is one. */
      readonly of: 'props' | 'imageprops' | 'exists'
      readonly as: 'text' | 'json'
      /** The function that the JSON is wrapped in, and the request's id that it gets as second argument. */
      readonly handler: string
      readonly id: string
    }

export type Modifier =
  | { readonly kind: 'command'; readonly name: string; readonly value: string }
  | { readonly kind: 'preset'; readonly name: string }

/** Why a URL is not delivered. `parameter` names what the client must change; null when it is the path or host. */
export interface DeliveryProblem {
  readonly status: 400 | 403 | 404
  readonly parameter: string | null
  readonly reason: string
}

export interface DeliveryAddress {
  /** The Host header, or the host of a full URL: may hold a port. */
  readonly host: string
  /** Path and query as received, beginning with `/`. */
  readonly target: string
}

export type ParsedDelivery =
  | { readonly ok: true; readonly url: DeliveryUrl }
  | { readonly ok: false; readonly problem: DeliveryProblem }

export type ParseDeliveryUrl = (address: DeliveryAddress, names: NamesRecord) => ParsedDelivery

/** A refusal in one sentence that names the parameter, once. */
export function problemText({
  parameter,
  reason,
}: Pick<DeliveryProblem, 'parameter' | 'reason'>): string {
  return parameter === null || reason.startsWith(parameter) ? reason : `${parameter}: ${reason}`
}
