import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { Stamps } from './stamps.ts'

const packed = (...keys: KeyHash[]) =>
  Buffer.concat(keys.map((key) => Buffer.from(key, 'base64url')))

describe('stamps', () => {
  test('are the highest purge of each key, however it came: as text, packed, or saved and loaded', () => {
    const step = fc.record({
      key: fc.nat(400),
      seq: fc.integer({ min: 1, max: 2 ** 40 }),
      project: fc.constantFrom('one', 'other'),
      form: fc.constantFrom('text', 'packed', 'saved'),
    })
    const property = fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      let stamps = new Stamps()
      const truth = new Map<KeyHash, number>()
      for (const { key, seq, project, form } of steps) {
        const name = keyHash(`asset:${key}`)
        truth.set(name, Math.max(truth.get(name) ?? 0, seq))
        if (form === 'packed') stamps.raisePacked(project, packed(name), seq)
        else stamps.raise(project, name, seq)
        if (form !== 'saved' || key % 20 !== 0) continue
        const later = new Stamps()
        later.load(stamps.save())
        stamps = later
      }
      assert.equal(stamps.count, truth.size)
      for (const [key, seq] of truth) assert.equal(stamps.of(key), seq)
      assert.equal(stamps.of(keyHash('never purged')), 0)
    })
    fc.assert(property, { numRuns: 60 })
  })

  test('up to a seq are forgotten, and later ones stay', () => {
    const stamps = new Stamps()
    const keys = Array.from({ length: 5_000 }, (_, at) => keyHash(`k${at}`))
    for (const [at, key] of keys.entries()) stamps.raise('one', key, at + 1)
    stamps.forgetUpTo(4_000)
    assert.equal(stamps.count, 1_000)
    assert.equal(stamps.of(keys[3_999]!), 0)
    assert.equal(stamps.of(keys[4_000]!), 4_001)
    assert.equal(stamps.largestProject(), 'one')
    stamps.forgetUpTo(5_000)
    assert.deepEqual([stamps.count, stamps.largestProject()], [0, undefined])
  })

  test('of one project are forgotten together; one that two projects set is of neither', () => {
    const stamps = new Stamps()
    const [mine, shared, theirs] = [keyHash('mine'), keyHash('shared'), keyHash('theirs')]
    stamps.raise('one', mine, 7)
    stamps.raise('one', shared, 3)
    stamps.raise('other', shared, 2)
    stamps.raise('other', theirs, 1)
    assert.equal(stamps.forgetProject('one'), 7)
    assert.deepEqual(
      [mine, shared, theirs].map((key) => stamps.of(key)),
      [0, 3, 1],
    )
  })

  test('a million of them take 100 bytes each at most, growing and garbage included', () => {
    const stamps = new Stamps()
    const keys = new Uint8Array(4_096 * 16)
    const before = process.memoryUsage().arrayBuffers
    for (let entry = 1; entry <= 245; entry++) {
      crypto.getRandomValues(keys)
      stamps.raisePacked('one', keys, entry)
    }
    assert.equal(stamps.count, 245 * 4_096)
    assert.ok((process.memoryUsage().arrayBuffers - before) / stamps.count < 100)
  })
})
