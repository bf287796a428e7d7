import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ageMs, isSettled, sameIdentity } from './file-identity.ts'

const identity = {
  device: '1',
  inode: '2',
  size: 3,
  modifiedNs: '1700000000000000001',
  changedNs: '1700000000000000002',
}
const changedMs = 1_700_000_000_000

describe('the identity of a file', () => {
  it('is another when any part of it is, a nanosecond included', () => {
    assert.equal(sameIdentity(identity, { ...identity }), true)
    for (const change of [
      { device: '2' },
      { inode: '3' },
      { size: 4 },
      { modifiedNs: '1700000000000000002' },
      { changedNs: '1700000000000000003' },
    ]) {
      assert.equal(sameIdentity(identity, { ...identity, ...change }), false)
    }
  })

  it('is settled when its ctime was more than two seconds old, by a clock that agrees', () => {
    assert.equal(ageMs(identity, changedMs + 2000), 2000)
    assert.equal(isSettled(identity, changedMs + 2000), false)
    assert.equal(isSettled(identity, changedMs + 2001), true)
    assert.equal(isSettled(identity, changedMs - 5000), false)
  })
})
