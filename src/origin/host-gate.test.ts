import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { GATE_LIMITS, HostGate } from './host-gate.ts'

describe('reads of one host', () => {
  it('no second sees more of them than the limit, however they are asked for', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 })
    fc.assert(
      fc.property(waits, (pauses) => {
        const gate = new HostGate({ ...GATE_LIMITS, readsPerSecond: 5 })
        const starts: number[] = []
        let now = 0
        for (const pause of pauses) {
          now += pause
          const admitted = gate.admit(now)
          if (admitted.kind === 'go') starts.push(now + admitted.waitMs)
        }
        starts.forEach((start, at) => {
          const sixth = starts[at + 5]
          assert.ok(sixth === undefined || sixth - start >= 1000)
        })
      }),
    )
  })

  it('a burst within the limit does not wait, the next read does, and those past five seconds are refused', () => {
    const gate = new HostGate(GATE_LIMITS)
    const burst = Array.from({ length: 400 }, () => gate.admit(0))
    assert.ok(burst.slice(0, 50).every((each) => each.kind === 'go' && each.waitMs === 0))
    assert.deepEqual(burst[50], { kind: 'go', waitMs: 1000, probe: false })
    assert.ok(burst.slice(300).every((each) => each.kind === 'crowded'))
  })
})

function failing(gate: HostGate, now: number, times: number): void {
  for (let at = 0; at < times; at++) {
    assert.equal(gate.admit(now).kind, 'go')
    gate.failed(now)
  }
}

describe('a host that fails', () => {
  it('rests after five failures in a row, then is probed by one read at a time', () => {
    const gate = new HostGate(GATE_LIMITS)
    failing(gate, 0, 5)
    assert.deepEqual(gate.admit(10), { kind: 'resting', forMs: 990 })
    assert.equal(gate.admit(1000).kind, 'go')
    assert.equal(gate.admit(1000).kind, 'resting', 'one probe at a time')
    gate.succeeded()
    assert.equal(gate.admit(1001).kind, 'go')
  })

  it('rests twice as long after each probe that fails, up to the limit', () => {
    const gate = new HostGate(GATE_LIMITS)
    failing(gate, 0, 5)
    let now = 0
    for (const rest of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      assert.equal(gate.admit(now + rest - 1).kind, 'resting')
      now += rest
      failing(gate, now, 1)
    }
  })

  it('one success in between begins the count anew', () => {
    const gate = new HostGate(GATE_LIMITS)
    failing(gate, 0, 4)
    gate.succeeded()
    failing(gate, 1, 4)
    assert.equal(gate.admit(2).kind, 'go')
  })

  it('late failures of reads that began before the rest do not prolong it', () => {
    const gate = new HostGate(GATE_LIMITS)
    failing(gate, 0, 5)
    gate.failed(900)
    assert.equal(gate.admit(1000).kind, 'go')
  })

  it('an asker who leaves during the probe lets the next one probe', () => {
    const gate = new HostGate(GATE_LIMITS)
    failing(gate, 0, 5)
    const probe = gate.admit(1000)
    assert.ok(probe.kind === 'go' && probe.probe)
    gate.undecided(probe.probe)
    assert.equal(gate.admit(1000).kind, 'go')
  })
})
