import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

import { sha256 } from '../kernel/hash.ts'
import type { Random } from '../kernel/random.ts'

/** Passwords and secrets at rest: passwords by Argon2id (RFC 9106), random tokens by one SHA-256. */

const derive = promisify(argon2)

/** OWASP "Password Storage": 19 MiB, 2 passes, 1 lane; about 26 ms. */
const MEMORY_KIB = 19 * 1024
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32

export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(SALT_BYTES)
  const tag = await tagOf(password, salt, { memory: MEMORY_KIB, passes: PASSES, lanes: LANES })
  return encode({ memory: MEMORY_KIB, passes: PASSES, lanes: LANES }, salt, tag)
}

/** Takes as long when there is no hash to compare with, so that nobody learns which accounts exist. */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const stored = parse(hash ?? NOBODYS_HASH)
  if (stored === null) return false
  const tag = await tagOf(password, stored.salt, stored.cost)
  return timingSafeEqual(tag, stored.tag) && hash !== null
}

/** Equal or not, without telling by time how much of it was right. */
export function sameSecret(given: string, expected: string): boolean {
  return sha256Equal(sha256(given), sha256(expected))
}

/** Of two hex digests of the same length. */
export function sha256Equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

interface Cost {
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}

function tagOf(password: string, salt: Uint8Array, cost: Cost): Promise<Buffer> {
  return derive('argon2id', {
    // The same password typed on another keyboard may be composed differently (NIST SP 800-63B §5.1.1.2).
    message: password.normalize('NFKC'),
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: TAG_BYTES,
    memory: cost.memory,
    passes: cost.passes,
  })
}

/** The PHC string format, so that costs can be raised without a migration. */
function encode(cost: Cost, salt: Uint8Array, tag: Uint8Array): string {
  const costs = `m=${cost.memory},t=${cost.passes},p=${cost.lanes}`
  return `$argon2id$v=19$${costs}$${text(salt)}$${text(tag)}`
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

const FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/
const NOBODYS_HASH = encode(
  { memory: MEMORY_KIB, passes: PASSES, lanes: LANES },
  new Uint8Array(SALT_BYTES),
  new Uint8Array(TAG_BYTES),
)

function parse(hash: string): { cost: Cost; salt: Buffer; tag: Buffer } | null {
  const found = FORM.exec(hash)
  if (found === null) return null
  const tag = Buffer.from(found[5]!, 'base64url')
  if (tag.length !== TAG_BYTES) return null
  return {
    cost: { memory: Number(found[1]), passes: Number(found[2]), lanes: Number(found[3]) },
    salt: Buffer.from(found[4]!, 'base64url'),
    tag,
  }
}
