import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'

import { commandLine } from '../support/command-line.ts'
import { startControlApi } from '../support/control-api.ts'
import type { ControlApi } from '../support/control-api.ts'
import { hashes, invalidationRow, nodeRow } from '../../src/store/store-suite-rows.ts'
import type { NodeRow } from '../../src/store/store.ts'
import { systemClock } from '../../src/kernel/clock.ts'

/** What doctor says of each thing that can be wrong, to a real server. */

const VERSION = '0.0.0-test'
/** Nobody renews here: these nodes are heard of long enough for a slow machine. */
const LATER_MS = 60_000
const P = '/api/v1/projects/demo'

describe('sluice doctor', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  const doctor = (...argv: readonly string[]) => commandLine(control)(['doctor', ...argv])
  const register = (row: Partial<NodeRow>) =>
    control.store.transaction('volatile', (tx) =>
      tx.nodes.register(
        nodeRow({ version: VERSION, seenAt: Date.now() + LATER_MS, incarnation: row.id!, ...row }),
        undefined,
      ),
    )

  test('without an image server or an edge names what is to be started', async () => {
    const { code, out } = await doctor()
    assert.equal(code, 1)
    for (const role of ['resizer', 'edge']) {
      assert.match(
        out,
        new RegExp(`^FAIL +nodes: no ${role} is in: start one, see sluice ${role}`, 'm'),
      )
    }
    assert.match(
      out,
      /^ok +key: 'admin' is accepted, with all rights; server version 0\.0\.0-test$/m,
    )
    assert.match(out, /^ok +project: 'demo', your roles: .*admin/m)
  })

  test('is content when all nodes are there, with one line for each', async () => {
    await register({ id: 'r', role: 'resizer' })
    await register({ id: 'e' })
    const { code, out } = await doctor()
    assert.equal(code, 0, out)
    assert.match(out, /^ok +resizer r: applied \d of \d, lease \S+ s, version 0\.0\.0-test$/m)
    assert.match(out, /^ok +edge e: /m)
    assert.match(out, /^ok +invalidations: none is failing$/m)
  })

  test('says of a node that it is out, silent, behind or of another version, each with a cure', async () => {
    const { tables } = control.store
    await control.store.transaction('volatile', async (tx) => {
      for (let at = 0; at < 101; at++) await tx.log.append('demo', hashes(1))
    })
    const applied = await tables.log.head()
    await register({ id: 'r', role: 'resizer', applied })
    await register({ id: 'e', applied })
    await register({ id: 'gone', applied, state: 'out' })
    await register({ id: 'quiet', applied, seenAt: Date.now() - 60_000 })
    await register({ id: 'behind', applied: 0 })
    await register({ id: 'older', applied, version: '0.0.0-before' })
    const { code, out } = await doctor()
    assert.equal(code, 1)
    assert.match(out, /^FAIL +edge gone: is out since .*: start it again, or remove it/m)
    assert.match(
      out,
      /^FAIL +edge quiet: was last heard of at .*, so its lease is over: does it run/m,
    )
    assert.match(
      out,
      /^FAIL +edge behind: is 1\d\d entries behind .*: is it overloaded or cut off\?$/m,
    )
    assert.match(
      out,
      /^note +edge older: .*: control has version 0\.0\.0-test, update the older one$/m,
    )
    assert.equal(out.match(/^FAIL/gm)?.length, 3, out)
    for (const id of ['gone', 'quiet', 'behind', 'older'])
      await control.store.transaction('volatile', (tx) => tx.nodes.remove(id))
  })

  test('notes what keeps URLs from being formed, and that somebody must invalidate', async () => {
    await control.call('PATCH', P, { body: { publishServer: null, automaticInvalidation: false } })
    const { code, out } = await doctor()
    assert.equal(code, 0, 'worth knowing, not broken')
    assert.match(out, /^note +settings: no publish server or company: .* \(General Settings\)$/m)
    assert.match(out, /^note +automatic: automatic invalidation is off/m)
  })

  test('names invalidations that failed, and how to try them again', async () => {
    const row = invalidationRow({ status: 'ERROR_CDN_NODE', failure: 'zone: 403' })
    await control.store.transaction('volatile', (tx) => tx.invalidations.insert(row, []))
    const { code, out } = await doctor()
    assert.equal(code, 1)
    assert.ok(
      out.includes(`${row.id} ended in ERROR_CDN_NODE: zone: 403. Again: sluice retry ${row.id}`),
    )
  })

  test('notes a clock that is off, and answers programs in JSON', async () => {
    const clock = { now: () => systemClock.now(), wall: () => systemClock.wall() + 3_600_000 }
    const { out } = await commandLine(control, { clock })(['doctor', '--json'])
    const { findings } = JSON.parse(out) as {
      findings: { level: string; what: string; says: string }[]
    }
    const found = findings.find(({ what }) => what === 'clock')
    assert.equal(found?.level, 'note')
    assert.match(found.says, /^differs from this machine's by -3[56]\d\d\.\d s: set both by NTP/)
    assert.ok(findings.every(({ level }) => ['ok', 'note', 'FAIL'].includes(level)))
  })
})
