import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { after, before, beforeEach, describe } from 'node:test'

import type { Invalidation } from '../contract/invalidation.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { CLIENT_COMMANDS, runClient } from './cli.ts'

/**
 * What the commands send and what they make of each kind of answer, over real HTTP. The same commands against the whole
 * of Sluice are in test/flows.
 */

const ID = '019aa000-0000-7000-8000-000000000001'
const AT = '2026-11-20T05:00:00.000Z'

function invalidation(change: Partial<Invalidation> = {}): Invalidation {
  return {
    id: ID,
    project: 'demo',
    status: 'Received',
    scope: 'original',
    source: 'api',
    cause: null,
    mode: 'delete',
    createdAt: AT,
    createdBy: 'key admin',
    note: null,
    urlCount: 5,
    seq: 7,
    scheduledAt: null,
    estimatedSeconds: 0.2,
    timeline: [{ status: 'Received', at: AT }],
    targets: [],
    evidence: null,
    failure: null,
    finishedAt: null,
    ...change,
  }
}

const DONE = invalidation({
  status: 'Done',
  timeline: [
    { status: 'Received', at: AT },
    { status: 'Done', at: '2026-11-20T05:00:00.100Z' },
  ],
  evidence: { verdict: 'fresh', probes: [] },
  finishedAt: '2026-11-20T05:00:00.100Z',
})
const FAILED = invalidation({ status: 'ERROR', failure: 'the disk is full', finishedAt: AT })

interface Seen {
  readonly method: string
  readonly url: string
  readonly key: string | undefined
  readonly body: unknown
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
/** A stream of events that ends as a lost connection does. */
const events =
  (...states: readonly Invalidation[]): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const state of states) {
      response.write(`event: invalidation\ndata: ${JSON.stringify(state)}\n\n`)
    }
    setImmediate(() => response.destroy())
  }

describe('the command line', () => {
  let server: Server
  let folder: string
  let seen: Seen[]
  let answers: Answer[]

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-cli-'))
    server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        const isJson = request.headers['content-type'] === 'application/json'
        seen.push({
          method: request.method!,
          url: request.url!,
          key: request.headers.authorization,
          body: isJson ? JSON.parse(text) : text,
        })
        answers.shift()!(request, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(() => {
    seen = []
    answers = []
  })

  async function sluice(
    argv: readonly string[],
    stdin = '',
  ): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' }
    const { port } = server.address() as AddressInfo
    const code = await runClient(argv, {
      env: {
        SLUICE_URL: `http://127.0.0.1:${port}`,
        SLUICE_KEY: 'sk_test',
        SLUICE_PROJECT: 'demo',
      },
      cwd: folder,
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

  test('more than 1000 URLs and nothing else go as lines, which count as the file does', async () => {
    const urls = Array.from({ length: 1500 }, (_, at) => `http://h/${at}`)
    const file = path.join(folder, 'long.txt')
    await writeFile(file, `# a list\n\n${urls.join('\n')}\n`)
    answers = [json(202, invalidation({ urlCount: 1500 }))]
    const { code, err } = await sluice(['invalidate', '@long.txt', '--note', 'why', '--soft'])
    assert.equal(code, 0, err)
    assert.equal(seen[0]?.url, '/api/v1/projects/demo/invalidations?note=why&mode=soft')
    assert.equal(seen[0]?.body, `\n\n${urls.join('\n')}\n`)
    const dry = await sluice(['invalidate', '@long.txt', '--dry-run'])
    assert.deepEqual([dry.code, /--dry-run/.test(dry.err)], [2, true])
  })

  test('short lists, asset ids among the lines, and other choices beside them go as JSON', async () => {
    answers = [json(202, invalidation()), json(202, invalidation()), json(202, invalidation())]
    const urls = Array.from({ length: 1500 }, (_, at) => `http://h/${at}`).join('\n')
    await sluice(['invalidate', '-'], 'http://h/a\n# no\n\nhttp://h/b')
    await sluice(['invalidate', '-'], `flat\n${urls}`)
    await sluice(['invalidate', '-', '--template'], urls)
    const bodies = seen.map(({ body }) => body as { urls: string[]; assets?: string[] })
    assert.deepEqual(bodies[0], { urls: ['http://h/a', 'http://h/b'] })
    assert.deepEqual([bodies[1]?.assets, bodies[1]?.urls.length], [['flat'], 1500])
    assert.equal(bodies[2]?.urls.length, 1500)
  })

  test('invalidate sends what was chosen, by asset unless told not to', async () => {
    answers = [json(202, invalidation())]
    const first = await sluice([
      'invalidate',
      'Backpack_B',
      'shoes/red',
      '--presets',
      '--note',
      'why',
    ])
    assert.equal(first.code, 0, first.err)
    assert.match(first.out, /5 URLs, about 0\.2 s\nReceived\. Follow it: sluice show .* --wait\n$/)
    assert.deepEqual(seen[0], {
      method: 'POST',
      url: '/api/v1/projects/demo/invalidations',
      key: 'Bearer sk_test',
      body: { assets: ['Backpack_B', 'shoes/red'], renditions: true, presets: true, note: 'why' },
    })

    answers = [json(202, invalidation())]
    await sluice([
      'invalidate',
      'flat',
      '--no-renditions',
      '--at',
      '2026-12-24T06:00:00+01:00',
      '--soft',
    ])
    assert.deepEqual(seen[1]!.body, {
      assets: ['flat'],
      mode: 'soft',
      scheduleAt: '2026-12-24T06:00:00+01:00',
    })
  })

  test('invalidate reads URLs and asset ids from standard input and files', async () => {
    await writeFile(
      path.join(folder, 'list.txt'),
      '# a comment\r\n\nhttps://h/is/image/c/a?wid=1\r\n  flat1\n',
    )
    answers = [json(202, invalidation())]
    const { code, err } = await sluice(
      ['invalidate', '-', '@list.txt', '--url', 'http://h/u'],
      'flat\n',
    )
    assert.equal(code, 0, err)
    assert.deepEqual(seen[0]!.body, {
      assets: ['flat', 'flat1'],
      urls: ['http://h/u', 'https://h/is/image/c/a?wid=1'],
      renditions: true,
    })
  })

  test('invalidate --all asks for the name of the project before it asks the server', async () => {
    const refused = await sluice(['invalidate', '--all'])
    assert.equal(refused.code, 2)
    assert.match(refused.err, /add --confirm demo/)
    assert.equal(seen.length, 0)
    answers = [json(202, invalidation({ scope: 'all' }))]
    assert.equal((await sluice(['invalidate', '--all', '--confirm', 'demo'])).code, 0)
    assert.deepEqual(seen[0]!.body, { everything: true, confirm: 'demo' })
  })

  test('invalidate --dry-run shows the list and asks for a preview alone', async () => {
    const preview = {
      digest: 'd',
      confirm: null,
      urls: [{ url: 'http://h/a', from: 'asset a', covers: 'the path' }],
      problems: [{ item: 'notes.doc', reason: 'Word files are never delivered' }],
      refusal: null,
      targets: [{ id: 'edge-1', requests: 1, estimatedSeconds: 0.05 }],
      estimatedSeconds: 0.05,
    }
    answers = [json(200, preview)]
    const shown = await sluice(['invalidate', 'a', '--dry-run'])
    assert.equal(shown.code, 0, shown.err)
    assert.equal(seen[0]!.url, '/api/v1/projects/demo/invalidations/preview')
    assert.match(shown.out, /http:\/\/h\/a +asset a +the path/)
    assert.match(shown.out, /notes\.doc: Word files/)
    assert.match(shown.out, /1 URL, about 50 ms\. Nothing was purged\.\n$/)
    answers = [json(200, { ...preview, refusal: { code: 'x', title: 'No.', detail: 'Because.' } })]
    assert.equal((await sluice(['invalidate', 'a', '--dry-run'])).code, 2)
  })

  test('--wait follows over a lost connection and ends 0 on Done, 1 on ERROR', async () => {
    const preparing = invalidation({
      status: 'Preparing',
      timeline: [
        { status: 'Received', at: AT },
        { status: 'Preparing', at: AT },
      ],
    })
    answers = [json(202, invalidation()), events(invalidation(), preparing), events(DONE)]
    const done = await sluice(['invalidate', 'a', '--wait'])
    assert.equal(done.code, 0, done.err)
    assert.match(
      done.out,
      /\+0\.000 s {2}Received\n.*Preparing\nDone, 5 URLs, 0\.1 s \(evidence: fresh\)\.\n$/,
    )
    assert.equal(seen[2]!.url, `/api/v1/projects/demo/invalidations/${ID}/events`)

    const staleUntil = '2026-11-20T12:00:30.000Z'
    const softly = { ...DONE, mode: 'soft', evidence: { ...DONE.evidence!, staleUntil } } as const
    answers = [json(202, invalidation()), events(softly)]
    const soft = await sluice(['invalidate', 'a', '--wait', '--soft'])
    assert.match(
      soft.out,
      /fresh\)\.\nUntil 2026-11-20T12:00:30\.000Z an old picture may be shown while/,
    )

    answers = [json(202, invalidation()), events(FAILED)]
    const failed = await sluice(['invalidate', 'a', '--wait'])
    assert.equal(failed.code, 1)
    assert.match(failed.out, /ERROR: the disk is full\. Again: sluice retry 019aa000/)

    answers = [json(202, invalidation()), events(DONE)]
    const machine = await sluice(['invalidate', 'a', '--wait', '--json'])
    assert.deepEqual(JSON.parse(machine.out), DONE)
  })

  test('a refusal shows the sentence and each thing that is wrong, and ends 2', async () => {
    const problem = {
      type: '/api/docs#error-x',
      status: 422,
      code: 'bad-urls',
      title: 'Some URLs are not defined correctly. Please correct and re-submit.',
      detail: '1 of 2 URLs.',
      errors: [{ url: 'ftp://h/a', reason: 'is not http or https' }],
    }
    answers = [json(422, problem)]
    const { code, err } = await sluice(['invalidate', '--url', 'ftp://h/a'])
    assert.equal(code, 2)
    assert.equal(
      err,
      'sluice: Some URLs are not defined correctly. Please correct and re-submit. 1 of 2 URLs.\n  ftp://h/a: is not http or https\n',
    )
  })

  test('bad usage ends 2 before the server is asked', async () => {
    const cases: [string[], RegExp][] = [
      [['invalidate'], /nothing is chosen/],
      [['invalidate', '--nonsense'], /--nonsense.*see sluice invalidate --help/],
      [['invalidate', '@none.txt'], /none\.txt cannot be read \(ENOENT\)/],
      [['show'], /ID is missing/],
      [['show', 'a', 'b'], /'b' is one argument too many/],
      [['demo', 'remove', 'flat'], /takes replace ID, not remove/],
      [['template', 'remove'], /takes get, put, check, versions or restore/],
      [['purge'], /there is no command 'purge'/],
    ]
    for (const [argv, expected] of cases) {
      const { code, err } = await sluice(argv)
      assert.equal(code, 2, argv.join(' '))
      assert.match(err, expected)
      assert.equal(err.trimEnd().split('\n').length, 1)
    }
    assert.equal(seen.length, 0)
  })

  test('a server that is down, or is something else, is said in one line', async () => {
    const down = await sluice(['log', '--server', 'http://127.0.0.1:9'])
    assert.deepEqual([down.code, /127\.0\.0\.1:9 does not answer/.test(down.err)], [2, true])
    answers = [(_request, response) => void response.end('<html>hello')]
    const other = await sluice(['log'])
    assert.deepEqual([other.code, /but not as Sluice does/.test(other.err)], [2, true])
  })

  test('every command explains itself', async () => {
    for (const { name } of CLIENT_COMMANDS) {
      const { code, out } = await sluice([name, '--help'])
      assert.equal(code, 0)
      assert.match(out, new RegExp(`^usage: sluice ${name}`))
      assert.match(out, /SLUICE_URL, SLUICE_KEY, SLUICE_PROJECT/)
    }
  })

  test('log, show, assets and template print what the server says', async () => {
    answers = [json(200, { items: [DONE], nextCursor: 'next' })]
    const log = await sluice(['log', '--status', 'Done', '-q', 'flat', '--limit', '1'])
    assert.match(
      log.out,
      /Done +original +api +5 +0\.1 s +key admin +019aa000-.*\nMore: --cursor next\n$/,
    )
    assert.equal(seen[0]!.url, '/api/v1/projects/demo/invalidations?status=Done&q=flat&limit=1')

    answers = [
      json(200, { items: ['http://h/a'], nextCursor: 'c2' }),
      json(200, { items: ['http://h/b'], nextCursor: null }),
    ]
    assert.equal((await sluice(['show', ID, '--urls'])).out, 'http://h/a\nhttp://h/b\n')

    answers = [json(200, FAILED)]
    assert.equal((await sluice(['show', ID, '--wait'])).code, 1)

    await writeFile(path.join(folder, 'new.png'), 'bytes')
    answers = [json(200, { id: 'shoes/red', version: 2, bytes: 1_234_567, mediaType: 'image/png' })]
    const put = await sluice(['assets', 'put', 'shoes/red', 'new.png', '--published', 'true'])
    assert.equal(put.out, 'shoes/red is now version 2 (1.2 MB, image/png).\n')
    const { method, url, body } = seen.at(-1)!
    assert.deepEqual(
      [method, url, body],
      ['PUT', '/api/v1/projects/demo/assets/shoes%2Fred?published=true', 'bytes'],
    )

    const problem = { column: 3, level: 'error', reason: 'no host' }
    const lines = [{ line: 1, text: 'https://', problems: [problem], urls: [] }]
    answers = [json(200, { lines })]
    const check = await sluice(['template', 'check', '-', 'flat'], 'https://')
    assert.deepEqual([check.code, check.out], [1, '  1 https://\n    column 3: error: no host\n'])
    assert.deepEqual(seen.at(-1)!.body, { text: 'https://', assets: ['flat'] })
  })
})
