import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'

import { commandLine } from '../../test/support/command-line.ts'
import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import type { Invalidation, Selection } from '../contract/invalidation.ts'
import type { Problem } from '../contract/api/shapes.ts'

/** Every flag of `sluice invalidate`, each against a real server: what it stores is what was said. */

const P = '/api/v1/projects/demo'
const SERVER = 'https://demo.example'
const NOTHING = {
  renditions: false,
  presets: false,
  template: false,
  crops: false,
  served: false,
  content: false,
  everything: false,
}

describe('sluice invalidate', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    const picture = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>')
    for (const id of ['flat', 'shoes/red'])
      await control.call('PUT', `${P}/assets/${encodeURIComponent(id)}`, { raw: picture })
    await control.call('PUT', `${P}/template`, { body: { text: '<ID>?wid=5' } })
    await control.call('PATCH', P, { body: { origins: [{ host: 'sample.li' }] } })
  })
  after(() => control.stop())

  const run = (argv: readonly string[], stdin?: string) =>
    commandLine(control)(['invalidate', ...argv], stdin)

  async function stored(argv: readonly string[], stdin?: string) {
    const { code, out, err } = await run([...argv, '--json'], stdin)
    assert.equal(code, 0, err)
    const { id } = JSON.parse(out) as Invalidation
    return (await control.store.tables.invalidations.get('demo', id))!
  }

  const FLAGS: readonly (readonly [argv: readonly string[], selection: Partial<Selection>])[] = [
    [['flat'], { assets: ['flat'], renditions: true }],
    [['flat', 'shoes/red'], { assets: ['flat', 'shoes/red'], renditions: true }],
    [['--url', `${SERVER}/is/image/demo/flat`], { urls: [`${SERVER}/is/image/demo/flat`] }],
    [['--original', 'sample.li/a.jpg'], { originals: ['sample.li/a.jpg'] }],
    [['--folder', 'shoes'], { folders: ['shoes'], renditions: true }],
    [['flat', '--presets'], { assets: ['flat'], renditions: true, presets: true }],
    [['flat', '--template'], { assets: ['flat'], renditions: true, template: true }],
    [['flat', '--crops'], { assets: ['flat'], renditions: true, crops: true }],
    [['flat', '--served'], { assets: ['flat'], renditions: true, served: true }],
    [['flat', '--content'], { assets: ['flat'], renditions: true, content: true }],
    [['flat', '--no-renditions'], { assets: ['flat'] }],
    [
      ['flat', 'shoes/red', '--no-renditions', '--exclude', `${SERVER}/is/image/demo/flat`],
      { assets: ['flat', 'shoes/red'], exclude: [`${SERVER}/is/image/demo/flat`] },
    ],
    [['--all', '--confirm', 'demo'], { everything: true }],
  ]
  for (const [argv, selection] of FLAGS) {
    test(argv.join(' '), async () => {
      const row = await stored(argv)
      const lists = { assets: [], folders: [], urls: [], originals: [], exclude: [] }
      assert.deepEqual(row.selection, { ...lists, ...NOTHING, ...selection })
      assert.deepEqual([row.mode, row.note, row.source], ['delete', null, 'api'])
    })
  }

  test('-: URLs and ids from standard input', async () => {
    const row = await stored(['-'], `flat\n# a comment\n${SERVER}/is/image/demo/x?wid=1\n`)
    assert.deepEqual(row.selection.assets, ['flat'])
    assert.deepEqual(row.selection.urls, [`${SERVER}/is/image/demo/x?wid=1`])
  })

  test('--soft, --note, --at', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const row = await stored(['flat', '--soft', '--note', 'sale', '--at', at])
    assert.deepEqual([row.mode, row.note, row.status], ['soft', 'sale', 'Scheduled'])
    assert.equal(row.scheduledAt, at)
  })

  test('--dry-run tells of each row whether it was ever served, and stores nothing', async () => {
    const { log } = control.store.tables
    const head = await log.head()
    const seen = {
      project: 'demo',
      subject: 'asset:demo/flat',
      url: 'u',
      target: '/~/image/demo/flat?wid=5',
    }
    await control.store.transaction('volatile', (tx) => tx.served.record([seen], Date.now()))
    const argv = ['flat', 'shoes/red', '--template', '--no-renditions', '--dry-run']
    const { code, out } = await run(argv)
    assert.equal(code, 0)
    assert.match(out, /^URL +FROM +COVERS +SERVED$/m)
    assert.match(out, /\/flat\?wid=5 .* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d *$/m)
    assert.match(out, /\/shoes\/red\?wid=5 .* never *$/m)
    assert.equal(await log.head(), head)
  })

  test('a refusal is one sentence and a line for each wrong row; with --json also the answer itself', async () => {
    const argv = ['--url', 'ftp://x/a', '--url', 'flat', '--note', 'n']
    const people = await run(argv)
    assert.deepEqual([people.code, people.out], [2, ''])
    const lines = people.err.trimEnd().split('\n')
    assert.match(lines[0]!, /^sluice: Some URLs are not defined correctly\./)
    assert.deepEqual(
      lines.slice(1).map((line) => line.trim().split(' ')[0]),
      ['ftp://x/a', 'flat'],
    )
    const programs = await run([...argv, '--json'])
    assert.equal(programs.code, 2)
    const problem = JSON.parse(programs.out) as Problem
    assert.deepEqual([problem.code, problem.errors.length], ['bad-urls', 2])
    assert.equal(programs.err, people.err)
  })

  test('what contradicts itself is told before the server is asked', async () => {
    for (const [argv, line] of [
      [[], /nothing is chosen/],
      [['flat', '--confirm', 'demo'], /--confirm is for --all/],
      [['--all'], /add --confirm demo/],
      [['--at'], /--at/],
      [['flat', '--wait=no'], /--wait/],
    ] as const) {
      const { code, err } = await run(argv)
      assert.equal(code, 2, argv.join(' '))
      assert.match(err, line)
    }
    for (const [argv, code] of [
      [['--all', '--confirm', 'Demo'], 'confirmation-missing'],
      [['flat', '--at', 'tomorrow'], 'bad-schedule'],
      [['nobody'], 'unknown-asset'],
    ] as const) {
      const { out } = await run([...argv, '--json'])
      assert.equal((JSON.parse(out) as Problem).code, code)
    }
  })
})
