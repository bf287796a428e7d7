import assert from 'node:assert/strict'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { goAfterOthers } from './thread-priority.ts'

const MODULE = new URL('./thread-priority.ts', import.meta.url)

describe('a thread that lets others go first', () => {
  test('is alone in that: the thread that began it keeps its priority', async () => {
    const before = getPriority()
    const code = `
      const { goAfterOthers } = await import(${JSON.stringify(MODULE.href)})
      const { getPriority } = await import('node:os')
      const { parentPort } = await import('node:worker_threads')
      parentPort.postMessage([goAfterOthers(), getPriority()])`
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    const [[lowered, priority]] = (await once(thread, 'message')) as [[boolean, number]]
    assert.equal(getPriority(), before)
    assert.equal(lowered, process.platform === 'linux')
    if (lowered) assert.equal(priority, Math.min(before + 5, 19))
  })

  test('does nothing where a priority is the whole process’s', () => {
    const before = getPriority()
    assert.equal(goAfterOthers('darwin'), false)
    assert.equal(getPriority(), before)
  })
})
