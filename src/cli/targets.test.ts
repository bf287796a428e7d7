import assert from 'node:assert/strict'
import test, { describe } from 'node:test'

import { startControlApi, ADMIN_KEY } from '../../test/support/control-api.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { runClient } from './cli.ts'

const SETTINGS = {
  kind: 'generic-http',
  purge: { method: 'PURGE', url: 'http://127.0.0.1:9{target}', headers: {}, body: null },
  secretHeaders: { authorization: 'Bearer x' },
  allowPrivate: true,
}

describe('sluice targets', () => {
  test('puts, lists, shows, tries, pauses and removes a cache outside', async (context) => {
    const control = await startControlApi()
    context.after(() => control.stop())
    const server = await control.url()
    async function run(argv: readonly string[], stdin = '') {
      const said = { out: '', err: '' }
      const code = await runClient(['targets', ...argv], {
        env: { SLUICE_URL: server, SLUICE_KEY: ADMIN_KEY, SLUICE_PROJECT: 'demo' },
        cwd: '/',
        stdin: (async function* () {
          yield stdin
        })(),
        stdout: { write: (text) => (said.out += text) },
        stderr: { write: (text) => (said.err += text) },
        clock: systemClock,
        timers: systemTimers,
        random: systemRandom,
      })
      return { code, ...said }
    }
    const stored = async () => (await control.store.tables.targets.list('demo'))[0]?.settings

    const put = await run(['put', 'varnish', '-'], JSON.stringify(SETTINGS))
    assert.deepEqual([put.code, /sluice targets test varnish/.test(put.out)], [0, true], put.err)
    assert.match((await run([])).out, /varnish {2}cdn {3}generic-http/)
    const shown = await run(['show', 'varnish'])
    assert.deepEqual(JSON.parse(shown.out).secretHeaders, { authorization: null })
    assert.equal((await run(['put', 'varnish', '-'], shown.out)).code, 0)
    assert.deepEqual((await stored())?.secretHeaders, SETTINGS.secretHeaders)

    const tried = await run(['test', 'varnish'])
    assert.equal(tried.code, 1)
    assert.match(tried.out, /purge {2}refused: 127\.0\.0\.1:9 cannot be reached/)
    assert.match((await run(['pause', 'varnish'])).out, /unverifiable/)
    assert.equal((await stored())?.paused, true)
    assert.equal((await run(['resume', 'varnish'])).code, 0)
    assert.equal((await stored())?.paused, false)
    assert.equal((await run(['remove', 'varnish'])).code, 0)
    assert.equal(await stored(), undefined)

    for (const argv of [
      ['nonsense'],
      ['put', 'x', '-'],
      ['put', 'x', 'file'],
      ['show', 'varnish'],
    ]) {
      const refused = await run(argv, 'no JSON')
      assert.equal(refused.code, 2, argv.join(' '))
      assert.match(refused.err, /^sluice: /)
    }
  })
})
