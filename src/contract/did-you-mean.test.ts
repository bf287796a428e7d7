import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'

import { didYouMean, nearest, slips } from './did-you-mean.ts'

test('a letter left out, added, replaced or swapped is a slip', () => {
  const known = ['product', 'thumbnail', 'large']
  for (const word of ['prodct', 'prodduct', 'prodict', 'porduct', 'PRODCT']) {
    assert.equal(nearest(word, known), 'product', word)
  }
  assert.equal(
    didYouMean('lagre', known, (name) => `$${name}$`),
    ' Did you mean $large$?',
  )
})

test('another word is none, and a right word is no slip', () => {
  assert.equal(nearest('hero', ['product', 'large']), null)
  assert.equal(nearest('product', ['product']), null)
  assert.equal(nearest('a', ['b']), null)
  assert.equal(didYouMean('x'.repeat(200), ['x'.repeat(201)]), '')
})

test('slips are counted alike both ways, and never more than the longer word has letters', () => {
  const word = fc.string({ maxLength: 8 })
  fc.assert(
    fc.property(word, word, (one, other) => {
      const count = slips(one, other)
      assert.equal(count, slips(other, one))
      assert.equal(count === 0, one === other)
      assert.ok(count <= Math.max(one.length, other.length))
    }),
  )
})
