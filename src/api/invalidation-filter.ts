import type { InvalidationQuery } from '../contract/api/invalidations.ts'
import { INVALIDATION_STATUSES } from '../contract/invalidation.ts'
import type { InvalidationStatus } from '../contract/invalidation.ts'
import type { InvalidationFilter } from '../store/store.ts'
import { RequestInvalid } from './validation.ts'

/** What the query of a list or an export asks for. */
export function filterOf(query: InvalidationQuery): InvalidationFilter {
  const { status, scope, source, q, from, to } = query
  return {
    ...(status === undefined ? {} : { status: statusesOf(status) }),
    ...(scope === undefined ? {} : { scope }),
    ...(source === undefined ? {} : { source }),
    ...(q === undefined || q === '' ? {} : { q }),
    ...(from === undefined ? {} : { from: instantOf('from', from) }),
    ...(to === undefined ? {} : { to: instantOf('to', to) }),
  }
}

function statusesOf(text: string): readonly InvalidationStatus[] {
  return text.split(',').map((part) => {
    const status = INVALIDATION_STATUSES.find((each) => each === part.trim())
    if (status !== undefined) return status
    throw new RequestInvalid([
      { pointer: '/status', reason: `must be some of ${INVALIDATION_STATUSES.join(', ')}` },
    ])
  })
}

/** In the form in which times are stored, so that they compare as text. */
function instantOf(name: string, text: string): string {
  const ms = Date.parse(text)
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(ms)) return new Date(ms).toISOString()
  throw new RequestInvalid([{ pointer: `/${name}`, reason: 'must be an ISO 8601 time' }])
}
