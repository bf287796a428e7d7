import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { ask, until } from '../../test/support/http.ts'
import { manualTime } from '../../test/support/manual-time.ts'
import { FILL_DEADLINE_MS } from './fill.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const RED = '/is/image/demo/shoes/red?wid=400'

describe('a fill that does not end', () => {
  for (const where of ['before its head', 'in the middle of its body'] as const) {
    test(`${where} is over at its deadline: whoever waits gets 504, and the next asks anew`, async () => {
      const time = manualTime()
      const resizer = await fakeResizer()
      const edge = await sluiceBench(resizer.server.url, { timers: time.timers })
      closing.push(
        () => resizer.server.stop(),
        () => edge.stop(),
      )
      await edge.get('/is/image/demo/warm')
      resizer.handler = (_request, response) => {
        if (where === 'before its head') return
        const marks = { 'sluice-log': 'the-log', 'sluice-mark': '0' }
        response.writeHead(200, { ...marks, 'content-length': '100' }).write('half')
      }
      const waiting = [edge.get(RED), edge.get(RED)]
      await until('the fill began', () => resizer.asked().length === 2)
      await edge.get('/is/image/nobody/that-the-edge-reads-behind-them')
      await time.advance(FILL_DEADLINE_MS)
      for (const answer of await Promise.all(waiting)) {
        assert.equal(answer.status, 504)
        assert.match(answer.text, /did not answer within 60 s/)
      }
      resizer.handler = null
      assert.equal((await edge.get(RED)).status, 200)
    })
  }

  test('does not hold up other pictures', async () => {
    const resizer = await fakeResizer()
    const edge = await sluiceBench(resizer.server.url)
    closing.push(
      () => resizer.server.stop(),
      () => edge.stop(),
    )
    const held: (() => void)[] = []
    resizer.handler = (request, response) => {
      const answer = (): void =>
        void response.writeHead(404, { 'sluice-log': 'the-log', 'sluice-mark': '0' }).end()
      if (request.url?.includes('slow')) held.push(answer)
      else answer()
    }
    const slow = edge.get('/is/image/demo/slow')
    await until('the slow one is asked for', () => held.length === 1)
    for (let at = 0; at < 20; at++)
      assert.equal((await edge.get(`/is/image/demo/${at}`)).status, 404)
    held[0]!()
    assert.equal((await slow).status, 404)
  })
})

describe('a client that goes away', () => {
  test('leaves the fill to those who wait', async () => {
    const resizer = await fakeResizer()
    const edge = await sluiceBench(resizer.server.url)
    closing.push(
      () => resizer.server.stop(),
      () => edge.stop(),
    )
    await edge.get('/is/image/demo/warm')
    const gate = Promise.withResolvers<void>()
    resizer.handler = (_request, response) => {
      const marks = {
        'sluice-log': 'the-log',
        'sluice-mark': '0',
        'cdn-cache-control': 'max-age=9',
      }
      void gate.promise.then(() => response.writeHead(200, marks).end('picture'))
    }
    const leaving = new AbortController()
    const left = fetch(edge.url + RED, { signal: leaving.signal }).catch(() => 'left')
    await until('the fill began', () => resizer.asked().length === 2)
    const stays = ask(edge.url + RED)
    await edge.get('/is/image/nobody/that-the-edge-reads-behind-it')
    leaving.abort()
    assert.equal(await left, 'left')
    gate.resolve()
    assert.equal((await stays).text, 'picture')
    assert.equal(resizer.asked().length, 2)
  })

  test('in the middle of a streamed answer ends the question inward too', async () => {
    let cut = false
    const resizer = await fakeResizer()
    resizer.handler = (_request, response) => {
      const marks = { 'sluice-log': 'the-log', 'sluice-mark': '0' }
      response.writeHead(200, { ...marks, 'content-length': '50000000' })
      response.once('close', () => (cut ||= !response.writableFinished))
      const piece = Buffer.alloc(64_000)
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }
    const edge = await sluiceBench(resizer.server.url)
    closing.push(
      () => resizer.server.stop(),
      () => edge.stop(),
    )
    const leaving = new AbortController()
    const answer = await fetch(`${edge.url}/is/content/demo/film`, { signal: leaving.signal })
    await answer.body!.getReader().read()
    cut = false
    leaving.abort()
    await until('the upstream was let go', () => cut)
  })
})
