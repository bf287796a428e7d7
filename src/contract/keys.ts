import { sha256 } from '@noble/hashes/sha2.js'

/**
 * A key is a name by which cached things are purged. Its text is readable (`asset:demo/shoes/red`); what travels in the
 * purge log, in `Sluice-Keys` and in stamps is the text's fixed-size hash, so that no id makes an entry larger.
 */
export type KeyHash = string & { readonly keyHash: unique symbol }

/** 22 characters: the first 128 bits of SHA-256, base64url. A collision could only purge too much, never too little. */
export const KEY_HASH_PATTERN = /^[A-Za-z0-9_-]{22}$/

/** A key as bytes: what a `KeyHash` spells out. Long lists of keys travel and are stored so. */
export const KEY_BYTES = 16
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const encoder = new TextEncoder()

/**
 * Hashes of short texts asked for lately. Each answer is made under the same few keys (project, asset, folders, presets), and a
 * look here costs a tenth of a hash. All are forgotten when there are so many: some 500 kB.
 */
const lately = new Map<string, KeyHash>()
const LATELY_MAX = 4_096
const LATELY_LENGTH_MAX = 128

export function keyHash(text: string): KeyHash {
  const known = lately.get(text)
  if (known !== undefined) return known
  const made = spelled(sha256(encoder.encode(text)))
  if (text.length > LATELY_LENGTH_MAX) return made
  if (lately.size >= LATELY_MAX) lately.clear()
  lately.set(text, made)
  return made
}

/** The first KEY_BYTES as base64url. */
function spelled(digest: Uint8Array): KeyHash {
  let out = ''
  for (let at = 0; at < KEY_BYTES; at += 3) {
    const last = at + 1 >= KEY_BYTES
    const bits = (digest[at]! << 16) | (last ? 0 : (digest[at + 1]! << 8) | digest[at + 2]!)
    out += BASE64URL[bits >> 18]! + BASE64URL[(bits >> 12) & 63]!
    if (!last) out += BASE64URL[(bits >> 6) & 63]! + BASE64URL[bits & 63]!
  }
  return out as KeyHash
}

/** Keys that lie one behind the other as KEY_BYTES each. */
export function unpackKeys(packed: Uint8Array): readonly KeyHash[] {
  const keys: KeyHash[] = []
  for (let at = 0; at < packed.length; at += KEY_BYTES)
    keys.push(spelled(packed.subarray(at, at + KEY_BYTES)))
  return keys
}

/**
 * The texts of all keys. A project's name holds neither `/` nor `|`, so that the part behind it cannot be read as another
 * project's.
 */
export const keyText = {
  /** Everything of a project. */
  project: (project: string) => `project:${project}`,
  /** Every rendition of an asset, its crops and its content included. */
  asset: (project: string, id: string) => `asset:${project}/${id}`,
  /** Every rendition of a remote original; `original` is canonical: `host/path[?query]`. */
  original: (project: string, original: string) => `original:${project}/${original}`,
  /** Everything under a folder, at any depth: an asset carries one for each ancestor, without a final `/`. */
  folder: (project: string, path: string) => `folder:${project}/${path}`,
  /** Every rendition made with a preset. Preset names are case-insensitive: pass them in lower case. */
  preset: (project: string, name: string) => `preset:${project}/${name}`,
  /** Every rendition of one crop of one asset. */
  crop: (project: string, id: string, crop: string) => `crop:${project}/${id}:${crop}`,
  /** A canonical path with all its queries. */
  path: (project: string, path: string) => `path:${project}|${path}`,
  /** One rendition's canonical URL, without version token and without the format that was negotiated. */
  url: (project: string, url: string) => `url:${project}|${url}`,
  /** A cached original: what a purge by URL or asset adds, and no rendition carries (freshness rule P12). */
  source: (project: string, original: string) => `src:${project}/${original}`,
  /** A record, by its name. */
  record: (name: string) => `record:${name}`,
} as const
