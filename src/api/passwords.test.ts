import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemRandom } from '../kernel/random.ts'
import { hashPassword, sameSecret, verifyPassword } from './passwords.ts'

test('a password is known again, another is not, and the same one hashes differently twice', async () => {
  const [first, second] = await Promise.all([
    hashPassword('four words nobody joins', systemRandom),
    hashPassword('four words nobody joins', systemRandom),
  ])
  assert.notEqual(first, second)
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await verifyPassword('four words nobody joins', first), true)
  assert.equal(await verifyPassword('four words nobody joined', first), false)
})

test('nobody signs in to an account without a password, nor by a broken hash', async () => {
  assert.equal(await verifyPassword('', null), false)
  assert.equal(await verifyPassword('x', 'plain text'), false)
})

test('a composed and a decomposed é are the same key on two keyboards', async () => {
  const hash = await hashPassword('caf\u00e9 au lait', systemRandom)
  assert.equal(await verifyPassword('cafe\u0301 au lait', hash), true)
})

test('secrets of any length are compared', () => {
  assert.equal(sameSecret('a', 'a'), true)
  assert.equal(sameSecret('a', 'ab'), false)
})
