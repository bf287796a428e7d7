import type { BigIntStats } from 'node:fs'
import type { FileIdentity } from '../contract/records.ts'

/**
 * Two writes within one tick of the file system's clock leave the same times. A file whose ctime was this much older than the
 * moment of hashing cannot have been written again within that tick (freshness rule P12).
 */
const SETTLED_AGE_MS = 2000

const NS_PER_MS = 1_000_000n

export function fileIdentity(stats: BigIntStats): FileIdentity {
  return {
    device: String(stats.dev),
    inode: String(stats.ino),
    size: Number(stats.size),
    modifiedNs: String(stats.mtimeNs),
    changedNs: String(stats.ctimeNs),
  }
}

export function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.device === other.device &&
    one.inode === other.inode &&
    one.size === other.size &&
    one.modifiedNs === other.modifiedNs &&
    one.changedNs === other.changedNs
  )
}

/** Milliseconds from the file's last change (ctime) to `wallMs`; negative when its clock is ahead of ours. */
export function ageMs(identity: FileIdentity, wallMs: number): number {
  return wallMs - Number(BigInt(identity.changedNs) / NS_PER_MS)
}

export function isSettled(identity: FileIdentity, hashedAtWallMs: number): boolean {
  return ageMs(identity, hashedAtWallMs) > SETTLED_AGE_MS
}
