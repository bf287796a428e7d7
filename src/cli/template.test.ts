import assert from 'node:assert/strict'
import test, { describe } from 'node:test'

import { commandLine } from '../../test/support/command-line.ts'
import { startControlApi } from '../../test/support/control-api.ts'
import type { Problem } from '../contract/api/shapes.ts'

describe('sluice template', () => {
  test('put --version does not overwrite what somebody saved meanwhile, and gives both texts', async (context) => {
    const control = await startControlApi()
    context.after(() => control.stop())
    const run = (argv: readonly string[], stdin = '') =>
      commandLine(control)(['template', ...argv], stdin)

    assert.equal((await run(['put', '-', '--version', '0'], '<ID>')).code, 0)
    assert.equal((await run(['put', '-', '--version', '1'], '<ID>?theirs')).code, 0)
    const late = await run(['put', '-', '--version', '1', '--json'], '<ID>?yours')
    assert.equal(late.code, 2)
    assert.match(
      late.err,
      /^sluice: .* saved the template meanwhile: compare both, then save again\./,
    )
    const { code, conflict } = JSON.parse(late.out) as Problem
    assert.equal(code, 'template-changed')
    assert.deepEqual(
      [conflict?.yours, conflict?.theirs.text, conflict?.theirs.version],
      ['<ID>?yours', '<ID>?theirs', 2],
    )
    assert.equal((await run(['get'])).out, '<ID>?theirs\n')
    assert.equal(
      (await run(['put', '-'], '<ID>?over')).code,
      0,
      'without it, over whatever is there',
    )
    const wrong = await run(['put', '-', '--version', 'x'], '<ID>')
    assert.deepEqual([wrong.code, /--version x is no number/.test(wrong.err)], [2, true])
  })
})
