import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'

const P = '/api/v1/projects/demo'

describe('a watched folder', () => {
  let control: ControlApi
  let parent: string
  before(async () => {
    control = await startControlApi()
    parent = await mkdtemp(join(tmpdir(), 'sluice-watched-'))
    const folder = join(parent, 'pictures')
    await mkdir(folder)
    await writeFile(join(folder, 'note.txt'), 'text')
    await writeFile(join(folder, 'a,b.txt'), 'text')
    await control.parts.assets.useFolder('demo', folder)
    await control.parts.assets.settle('demo', 'all')
  })
  after(async () => {
    await control.stop()
    await rm(parent, { recursive: true, force: true })
  })

  test('is only read: uploads, deletes, moves and restores say so', async () => {
    for (const [method, path, options] of [
      ['PUT', '/assets/new', { raw: Buffer.from('x') }],
      ['PUT', '/assets/note.txt', { raw: Buffer.from('x') }],
      ['DELETE', '/assets/note.txt', {}],
      ['PATCH', '/assets/note.txt', { body: { id: 'moved.txt' } }],
      ['POST', '/assets/note.txt/versions/1/restore', {}],
    ] as const) {
      const answer = await control.call(method, P + path, options)
      assert.equal(answer.status, 409, `${method} ${path} ${answer.text}`)
      assert.equal(answer.json.code, 'read-only-source')
      assert.ok(answer.json.detail.includes('pictures'), 'names the folder')
    }
  })

  test('is shown as one, with its problems', async () => {
    const project = await control.call('GET', P)
    assert.match(project.json.readOnlySource.path, /pictures$/)
    const { items } = (await control.call('GET', `${P}/problems`)).json
    assert.deepEqual(
      items.map(({ path, code }: Record<string, unknown>) => [path, code]),
      [['a,b.txt', 'comma']],
    )
    assert.equal((await control.call('GET', `${P}/overview`)).json.folderProblems, 1)
  })
})
