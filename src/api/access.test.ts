import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { PROJECTS, startControlApi } from '../../test/support/control-api.ts'
import type { CallOptions, ControlApi } from '../../test/support/control-api.ts'
import { ROLES } from '../contract/invalidation.ts'
import { ROUTE_ACCESS } from './access.ts'
import type { Access } from './access.ts'

/**
 * Every registered route, by everybody, in their own project, in another's and in none: the answer is what ROUTE_ACCESS says.
 * Whoever is let in may still be told 400, 404 of the thing itself or 409; what counts is that the guard let them.
 */
const CALLERS = ['nobody', 'wrong-key', ...ROLES, 'owner', 'wrong-secret', 'node'] as const
type CallerName = (typeof CALLERS)[number]

type Expected = 'in' | 401 | 403 | 404

function expected(access: Access, caller: CallerName, project: string): Expected {
  if (access === 'public') return 'in'
  if (access === 'node') return caller === 'node' ? 'in' : 401
  if (caller === 'nobody' || caller === 'wrong-key') return 401
  if (caller === 'node' || caller === 'wrong-secret') return 401
  if (access === 'client-key' || access === 'signed-in') return 'in'
  if (access === 'owner') return caller === 'owner' ? 'in' : 403
  if (project === 'nowhere') return 404
  if (caller === 'owner') return 'in'
  if (project !== 'demo') return 404
  return ROLES.indexOf(caller) >= ROLES.indexOf(access) ? 'in' : 403
}

/** What the guard said; everything behind it is `in`. */
function said(status: number, code: string | undefined): Expected {
  if (status === 401 && code !== 'wrong-credentials') return 401
  if (status === 403) return 403
  if (status === 404 && code === 'unknown-project') return 404
  return 'in'
}

describe('access', () => {
  let control: ControlApi
  const keys = new Map<CallerName, CallOptions>()

  before(async () => {
    control = await startControlApi()
    keys.set('nobody', { key: null })
    keys.set('wrong-key', { key: 'sk_wrong' })
    keys.set('owner', {})
    keys.set('wrong-secret', { key: null, headers: { 'sluice-node-secret': 'x'.repeat(40) } })
    const { nodeSecret } = control.parts.config
    keys.set('node', { key: null, headers: { 'sluice-node-secret': nodeSecret } })
    for (const role of ROLES) keys.set(role, { key: await control.key('demo', role) })
  })
  after(() => control.stop())

  for (const [route, access] of Object.entries(ROUTE_ACCESS)) {
    const [method, pattern] = route.split(' ') as ['GET' | 'POST', string]
    const projects = pattern.includes(':project') ? [...PROJECTS, 'nowhere'] : ['demo']

    test(`${route} is for ${access}`, async () => {
      for (const caller of CALLERS) {
        for (const project of projects) {
          const url = pattern
            .replace(':project', project)
            .replace('/*', '/')
            .replace(':version', '1')
            .replaceAll(/:\w+/g, 'unknown')
          // Buckets are per key: the walk must not run into the limit of requests.
          control.advance(1000)
          const answer = await callRoute(control, method, url, keys.get(caller)!)
          const found = said(answer.status, answer.code)
          const who = `${caller} in ${project}: ${answer.status} ${answer.code}`
          assert.equal(found, expected(access, caller, project), who)
        }
      }
    })
  }

  test('another project and none are told in the very same words', async () => {
    const { key } = keys.get('admin')!
    for (const path of ['', '/assets', '/assets/flat', '/invalidations', '/keys']) {
      const other = await control.call('GET', `/api/v1/projects/other${path}`, { key: key! })
      const none = await control.call('GET', `/api/v1/projects/nowhere${path}`, { key: key! })
      assert.equal(other.status, 404)
      assert.equal(other.text, none.text)
    }
  })

  test('HEAD is guarded as GET is', async () => {
    const answer = await control.call('HEAD', '/api/v1/projects/demo/assets/flat/content', {
      key: null,
    })
    assert.equal(answer.status, 401)
  })
})

async function callRoute(
  control: ControlApi,
  method: 'GET' | 'POST',
  url: string,
  options: CallOptions,
): Promise<{ status: number; code: string | undefined }> {
  if (url.endsWith('/events')) return callStream(control, url, options)
  const clientKey = options.key === null ? {} : { 'x-client-key': options.key ?? 'admin' }
  const isClientRoute = url.startsWith('/invalidate')
  const owner = options.key === undefined && isClientRoute
  const answer = await control.call(method, url, {
    ...options,
    ...(isClientRoute ? { key: null } : {}),
    headers: {
      ...options.headers,
      ...(isClientRoute ? clientKey : {}),
      ...(owner ? { 'x-client-key': 'sk_admin-key-of-the-tests' } : {}),
    },
  })
  return { status: answer.status, code: answer.json?.code }
}

/** Streams never end: their head is all that is looked at. */
async function callStream(
  control: ControlApi,
  url: string,
  { key, headers }: CallOptions,
): Promise<{ status: number; code: string | undefined }> {
  const enough = new AbortController()
  const answer = await control.open(url, {
    signal: enough.signal,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  })
  const code = answer.ok ? undefined : ((await answer.json()) as { code: string }).code
  enough.abort()
  return { status: answer.status, code }
}
