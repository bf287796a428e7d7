import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import test, { after, before, describe } from 'node:test'
import sharp from 'sharp'

import { runClient } from '../../src/cli/cli.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Goal: every command against the whole of Sluice, found through its data folder as beside `npm start`. */

describe('the command line against a running Sluice', () => {
  let sluice: Started

  before(async () => {
    sluice = await startServe()
  })
  after(() => sluice?.stop())

  async function run(
    argv: readonly string[],
    options: { stdin?: string; env?: Record<string, string> } = {},
  ) {
    const said = { out: '', err: '' }
    const code = await runClient(argv, {
      env: { SLUICE_DATA: sluice.data, ...options.env },
      cwd: sluice.data,
      stdin: (async function* () {
        yield options.stdin ?? ''
      })(),
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
    })
    return { code, ...said }
  }

  async function ok(argv: readonly string[], stdin = ''): Promise<string> {
    const { code, out, err } = await run(argv, { stdin })
    assert.equal(code, 0, `${argv.join(' ')}: ${out}${err}`)
    return out
  }

  const seen = async (target: string): Promise<string[]> => {
    const answers = await Promise.all(sluice.edges.map((edge) => fetch(`${edge}${target}`)))
    return answers.map((answer) => answer.headers.get('etag')!)
  }

  test('doctor finds nothing wrong', async () => {
    const out = await ok(['doctor'])
    assert.doesNotMatch(out, /FAIL/)
    for (const thing of [
      'server',
      'key',
      'clock',
      'edge edge-1',
      'edge edge-2',
      'resizer resizer',
    ]) {
      assert.match(out, new RegExp(`^ok +${thing}:`, 'm'))
    }
  })

  test('doctor says what is wrong with a key and with an address', async () => {
    const wrongKey = await run(['doctor', '--key', 'sk_wrong'])
    assert.equal(wrongKey.code, 1)
    assert.match(wrongKey.out, /FAIL .*(--key or SLUICE_KEY)/)
    const nobody = await run(['doctor', '--server', 'http://127.0.0.1:9', '--key', 'x'])
    assert.match(nobody.out, /FAIL +unreachable: http:\/\/127\.0\.0\.1:9 does not answer/)
  })

  test('assets put, still old, invalidate --wait, new at both edges', async () => {
    const file = path.join(sluice.data, 'new.png')
    const background = 'orange'
    await writeFile(
      file,
      await sharp({ create: { width: 800, height: 600, channels: 3, background } })
        .png()
        .toBuffer(),
    )
    const old = await seen('/is/image/demo/flat1?wid=120')
    assert.match(await ok(['assets', 'put', 'flat1', file]), /^flat1 is now version 2 \(/)
    assert.deepEqual(await seen('/is/image/demo/flat1?wid=120'), old)
    assert.match(await ok(['invalidate', 'flat1', '--wait']), /\nDone, .* \(evidence: fresh\)\.\n$/)
    const fresh = await seen('/is/image/demo/flat1?wid=120')
    assert.equal(new Set(fresh).size, 1)
    assert.notEqual(fresh[0], old[0])
    assert.match(await ok(['assets', '-q', 'flat1']), /flat1 +image +800x600 .* v2 /)
  })

  test('--dry-run shows the formed URLs and purges nothing', async () => {
    const log = JSON.parse(await ok(['log', '--json'])) as { items: unknown[] }
    const out = await ok(['invalidate', 'flat', '--presets', '--dry-run', '--no-renditions'])
    assert.match(out, /\/is\/image\/demo\/flat\?\$thumbnail\$ +asset flat/)
    assert.match(out, /Nothing was purged\.\n$/)
    assert.deepEqual(JSON.parse(await ok(['log', '--json'])), log)
  })

  test('URLs from standard input, a refusal that names the bad one, and exit code 2', async () => {
    const good = `${sluice.edges[0]}/is/image/demo/flat?wid=100`
    assert.match(await ok(['invalidate', '-', '--wait'], `${good}\n`), /Done, 1 URL/)
    const refused = await run(['invalidate', '--url', 'https://elsewhere.example/x.jpg', '--wait'])
    assert.equal(refused.code, 2)
    assert.match(
      refused.err,
      /^sluice: Some URLs are not defined correctly\..*\n {2}https:\/\/elsewhere\.example\/x\.jpg/,
    )
    const unknown = await run(['invalidate', 'no-such-asset'])
    assert.equal(unknown.code, 2)
    assert.match(unknown.err, /no-such-asset/)
  })

  test('a scheduled one can be cancelled, once; a Done one can be neither cancelled nor retried', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const planned = JSON.parse(
      await ok(['invalidate', 'flat', '--at', at, '--json']),
    ) as Invalidation
    assert.equal(planned.status, 'Scheduled')
    assert.match(await ok(['cancel', planned.id]), /^Cancelled: /)
    assert.equal((await run(['cancel', planned.id])).code, 2)
    assert.match(await ok(['log', '--status', 'Cancelled']), new RegExp(planned.id))

    const done = JSON.parse(await ok(['invalidate', 'flat', '--wait', '--json'])) as Invalidation
    assert.equal(done.status, 'Done')
    for (const verb of ['cancel', 'retry']) {
      const { code, err } = await run([verb, done.id])
      assert.equal(code, 2, verb)
      assert.match(err, /^sluice: .+/)
    }
    assert.match(await ok(['show', done.id]), /status +Done\n/)
    assert.match(await ok(['show', done.id, '--evidence']), /edge-1 +edge +acknowledged/)
    assert.match(await ok(['show', done.id, '--urls']), /\/is\/image\/demo\/flat\n/)
    assert.equal((await run(['show', '019aa000-0000-7000-8000-000000000001'])).code, 2)
  })

  test('everything, but only with the name of the project', async () => {
    assert.equal((await run(['invalidate', '--all'])).code, 2)
    assert.equal((await run(['invalidate', '--all', '--confirm', 'other'])).code, 2)
    assert.match(await ok(['invalidate', '--all', '--confirm', 'demo', '--wait']), /\nDone/)
  })

  test('the template is read, checked and changed', async () => {
    const text = await ok(['template', 'get'])
    assert.equal(text.trimEnd().split('\n').length, 5)
    assert.match(await ok(['template', 'check', 'flat']), /\/is\/image\/demo\/flat\n/)
    assert.match(
      await ok(['template', 'put', '-'], '<ID>?wid=100\n'),
      /^The template has 1 line now\.\n$/,
    )
    assert.equal(await ok(['template', 'get']), '<ID>?wid=100\n')
    const bad = await run(['template', 'check', '-', 'flat'], { stdin: 'ftp://host/<ID>\n' })
    assert.equal(bad.code, 1)
    assert.match(bad.out, /1 ftp:.*\n {4}column \d+: error: /)
    const versions = await ok(['template', 'versions'])
    assert.match(
      versions,
      /^VERSION +SAVED +BY +LENGTH\n2 .* key admin +1 line\n1 .* Sluice demo +5 lines\n$/,
    )
    const restored = await ok(['template', 'restore', '1'])
    assert.equal(restored, 'Version 1 of the template is now version 3.\n')
    assert.equal(await ok(['template', 'get']), text)
  })

  test('demo replace goes to the next version', async () => {
    assert.match(await ok(['demo', 'replace', 'spinset']), /^spinset is now version 2\./)
    assert.equal((await run(['demo', 'replace', 'no-such-picture'])).code, 2)
  })

  test('the same idempotency key answers with the same invalidation', async () => {
    const again = ['invalidate', 'flat', '--json', '--idempotency-key', 'deploy-17']
    const first = JSON.parse(await ok(again)) as Invalidation
    assert.equal((JSON.parse(await ok(again)) as Invalidation).id, first.id)
    const other = await run(['invalidate', 'spinset', '--idempotency-key', 'deploy-17'])
    assert.equal(other.code, 2)
  })
})
