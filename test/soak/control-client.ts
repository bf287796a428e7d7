import type { Invalidation } from '../../src/contract/invalidation.ts'
import type { Cluster } from './cluster.ts'

/** A client of the API that does what a careful one does: it asks again until it knows. */
export interface ControlClient {
  /** Until the picture is stored. */
  put(asset: string, bytes: Uint8Array): Promise<void>
  /** Until it is accepted: the same `Idempotency-Key` each time, so that a lost answer makes no second one. */
  submit(key: string, selection: object): Promise<string>
  /** Its state; null while control cannot say, or has never heard of it. */
  read(id: string): Promise<Invalidation | 'unknown' | null>
  retry(id: string): Promise<void>
  /** Every invalidation of the log, by its id. */
  log(): Promise<ReadonlyMap<string, Invalidation>>
  /** Questions that got no answer, or one of 5xx or 429. */
  readonly askedAgain: number
}

const AGAIN_MS = 100
const PAGE = 100

interface Answer {
  readonly status: number
  readonly body: unknown
}

export function controlClient(cluster: Cluster, stopped: AbortSignal): ControlClient {
  let askedAgain = 0
  const call = async (
    method: string,
    path: string,
    body: Uint8Array<ArrayBuffer> | string | null,
    fields: Readonly<Record<string, string>>,
  ): Promise<Answer | null> => {
    const url = cluster.controlUrl()
    if (url === null) return null
    try {
      const headers = { authorization: `Bearer ${cluster.adminKey}`, ...fields }
      const answer = await fetch(`${url}/api/v1/projects/demo${path}`, { method, headers, body })
      const text = await answer.text()
      if (answer.status >= 500 || answer.status === 429) return null
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
    } catch {
      // It died, or was dying: whoever asked asks again.
      return null
    }
  }
  const insist: typeof call = async (...asked) => {
    for (;;) {
      const answer = await call(...asked)
      if (answer !== null) return answer
      stopped.throwIfAborted()
      askedAgain += 1
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
  const json = { 'content-type': 'application/json' }
  return {
    async put(asset, bytes) {
      const path = `/assets/${encodeURIComponent(asset)}`
      const type = { 'content-type': 'application/octet-stream' }
      expect(await insist('PUT', path, Uint8Array.from(bytes), type), [200, 201])
    },
    async submit(key, selection) {
      const fields = { ...json, 'idempotency-key': key }
      const answer = await insist('POST', '/invalidations', JSON.stringify(selection), fields)
      expect(answer, [200, 202])
      return (answer!.body as Invalidation).id
    },
    async read(id) {
      const answer = await call('GET', `/invalidations/${id}`, null, {})
      if (answer === null) return null
      return answer.status === 404 ? 'unknown' : (answer.body as Invalidation)
    },
    async retry(id) {
      // 409: somebody's retry before an answer was lost.
      expect(await insist('POST', `/invalidations/${id}/retry`, null, {}), [200, 202, 409])
    },
    async log() {
      const all = new Map<string, Invalidation>()
      for (let cursor: string | null = ''; cursor !== null;) {
        const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const answer = await insist('GET', `/invalidations?limit=${PAGE}${from}`, null, {})
        expect(answer, [200])
        const page = answer!.body as { items: Invalidation[]; nextCursor: string | null }
        for (const each of page.items) all.set(each.id, each)
        cursor = page.nextCursor
      }
      return all
    },
    get askedAgain() {
      return askedAgain
    },
  }
}

function expect(answer: Answer | null, statuses: readonly number[]): void {
  if (answer !== null && statuses.includes(answer.status)) return
  throw new Error(`control answered ${answer?.status}: ${JSON.stringify(answer?.body)}`)
}
