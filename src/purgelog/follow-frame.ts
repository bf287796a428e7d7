import type { FollowAnswer } from '../contract/node-protocol.ts'
import { KEY_BYTES } from '../contract/keys.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'

/**
 * Follow answers with long entries over HTTP: the length of a JSON text in 4 bytes, that text, and behind it the packed keys as they
 * are. As JSON they would be half as long again and cost both sides a copy for each key. Only who asks for it gets it: an older
 * node gets the entry without its keys, and takes its kind, which it does not know, for a purge of the whole project.
 */
export const FRAME_TYPE = 'application/x-sluice-entries'

const LENGTH_BYTES = 4
const PACKED_BYTES_MAX = KEYS_PER_ENTRY_MAX * KEY_BYTES

export function hasPacked(answer: FollowAnswer): boolean {
  return answer.kind === 'entries' && answer.entries.some(({ packed }) => packed !== undefined)
}

/** The same answer for who reads nothing but JSON. */
export function withoutPacked(answer: FollowAnswer): FollowAnswer {
  if (answer.kind !== 'entries') return answer
  return {
    ...answer,
    entries: answer.entries.map(({ seq, project, kind, keys }) => ({ seq, project, kind, keys })),
  }
}

export function encodeFollow(answer: FollowAnswer & { readonly kind: 'entries' }): Uint8Array {
  const entries = answer.entries.map(({ packed, ...entry }) =>
    packed === undefined ? entry : { ...entry, packedBytes: packed.byteLength },
  )
  const text = Buffer.from(JSON.stringify({ ...answer, entries }))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text, ...answer.entries.flatMap(({ packed }) => packed ?? [])])
}

/** The answer as `encodeFollow` was given it, not checked further; null when the bytes are no such frame. */
export function decodeFollow(frame: Uint8Array): unknown {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  if (bytes.length < LENGTH_BYTES) return null
  let at = LENGTH_BYTES + bytes.readUInt32BE()
  if (at > bytes.length) return null
  const answer = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, at)) as { entries?: unknown }
  if (!Array.isArray(answer.entries)) return null
  const entries: PurgeEntry[] = []
  for (const { packedBytes, ...entry } of answer.entries as (PurgeEntry & {
    packedBytes?: unknown
  })[]) {
    if (packedBytes === undefined) {
      entries.push(entry)
      continue
    }
    if (typeof packedBytes !== 'number' || packedBytes > PACKED_BYTES_MAX) return null
    if (packedBytes % KEY_BYTES !== 0 || at + packedBytes > bytes.length) return null
    entries.push({ ...entry, packed: bytes.subarray(at, at + packedBytes) })
    at += packedBytes
  }
  return at === bytes.length ? { ...answer, entries } : null
}
