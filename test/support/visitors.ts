import assert from 'node:assert/strict'
import { ask } from './http.ts'
import type { Asked } from './http.ts'

/**
 * Visitors of edges that trust this machine as a proxy: each request is a visitor of its own, so that none spends another's allowance of
 * new pictures.
 */
export interface Visitors {
  readonly visit: (
    edge: string,
    target: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Asked>
  /** Makes every edge hold each of these. */
  readonly fill: (targets: readonly string[]) => Promise<void>
  /** Which of these an edge holds. Looking fetches nothing. */
  readonly held: (edge: string, targets: readonly string[]) => Promise<readonly string[]>
}

export function createVisitors(edges: () => readonly string[]): Visitors {
  let count = 0
  const visit: Visitors['visit'] = (edge, target, headers = {}) => {
    count += 1
    const address = `192.0.${Math.floor(count / 250)}.${count % 250}`
    return ask(edge + target, { headers: { 'x-forwarded-for': address, ...headers } })
  }
  return {
    visit,
    async fill(targets) {
      for (const edge of edges())
        for (const target of targets) assert.equal((await visit(edge, target)).status, 200, target)
    },
    async held(edge, targets) {
      const found: string[] = []
      for (const target of targets) {
        const answer = await visit(edge, target, { 'cache-control': 'only-if-cached' })
        if (answer.status !== 504) assert.match(answer.headers['cache-status'] ?? '', /hit/)
        if (answer.status === 200) found.push(target)
      }
      return found
    },
  }
}
