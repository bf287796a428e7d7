import type { TargetDraft } from './target-draft.ts'

/** What an admin begins with, so that only addresses and secrets are left to be typed. */

export interface Beginning {
  readonly name: string
  /** Of the address that is purged by. */
  readonly example: string
  readonly fields: Pick<TargetDraft, 'secrets'> & {
    readonly purge: Omit<TargetDraft['purge'], 'url'>
  }
}

export const BEGINNINGS = {
  varnish: {
    name: 'Varnish: PURGE',
    example: 'http://10.0.0.5:6081{target}',
    fields: { purge: { method: 'PURGE', headers: 'host: {host}', body: '' }, secrets: [] },
  },
  nginx: {
    name: 'nginx with a purge path',
    example: 'http://10.0.0.6/purge{target}',
    fields: { purge: { method: 'GET', headers: 'host: {host}', body: '' }, secrets: [] },
  },
  api: {
    name: 'API of a CDN: POST with JSON',
    example: 'https://api.example.com/zones/12/purge',
    fields: {
      purge: {
        method: 'POST',
        headers: 'content-type: application/json',
        body: '{"files": ["{url|json}"]}',
      },
      secrets: [{ name: 'authorization', value: '', isKept: false }],
    },
  },
} as const satisfies Record<string, Beginning>

export type BeginningId = keyof typeof BEGINNINGS

/** What was typed besides stays, the address among it. */
export function begunWith(draft: TargetDraft, id: BeginningId): TargetDraft {
  const { purge, secrets } = BEGINNINGS[id].fields
  return { ...draft, purge: { ...draft.purge, ...purge }, secrets }
}

export function isBeginning(id: unknown): id is BeginningId {
  return typeof id === 'string' && Object.hasOwn(BEGINNINGS, id)
}
