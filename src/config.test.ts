import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

describe('limits for visitors', () => {
  it('are 20 new renditions a second, 60 at once and 1,000 connections unless told', () => {
    const { missLimit, connectionsPerClient } = readConfig('serve', {})
    assert.deepEqual(missLimit, { perSecond: 20, burst: 60 })
    assert.equal(connectionsPerClient, 1000)
  })

  it('of new renditions are off at 0', () => {
    assert.equal(readConfig('serve', { SLUICE_MISSES_PER_SECOND: '0' }).missLimit, null)
    const half = { SLUICE_MISSES_PER_SECOND: '0.5', SLUICE_MISS_BURST: '3' }
    assert.deepEqual(readConfig('serve', half).missLimit, { perSecond: 0.5, burst: 3 })
  })

  it('that mean nothing are reported at once, each by its name', () => {
    const wrong = {
      SLUICE_MISSES_PER_SECOND: '-1',
      SLUICE_MISS_BURST: '0',
      SLUICE_CONNECTIONS_PER_CLIENT: 'many',
    }
    assert.throws(
      () => readConfig('edge', { ...wrong, SLUICE_UPSTREAM: 'http://127.0.0.1:9000' }),
      (error) =>
        error instanceof ConfigError &&
        Object.keys(wrong).every((name) => error.problems.some((line) => line.startsWith(name))),
    )
  })
})
