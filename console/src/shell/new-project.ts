import type { ProjectCreate } from '../../../src/contract/api/projects.ts'

/** One label of a hostname, as in `<token>.cloudimg.io`. */
const TOKEN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Its name is its company in Dynamic Media URLs, and its token in Cloudimage URLs where it can be one. */
export function newProject(id: string, server: string): ProjectCreate {
  const token = id.toLowerCase()
  return {
    id,
    company: id,
    ...(TOKEN.test(token) ? { tokens: [token] } : {}),
    ...(server === '' ? {} : { publishServer: server }),
  }
}
