import { createHash } from 'node:crypto'

import { openApiDocument } from './open-api.ts'
import type { RouteEntry } from './open-api.ts'
import type { ApiServer } from './parts.ts'
import { PROBLEM_CODES } from './problems.ts'

/** The API's description: for programs as OpenAPI, for people as one page that loads nothing. */

const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.5 ui-monospace,monospace}
summary{cursor:pointer;padding:.4rem 0}
summary b{display:inline-block;min-width:4.5rem}
details{border-top:1px solid #8884}
pre{overflow:auto;background:#8881;padding:.75rem;border-radius:4px}
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const PAGE_CSP = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** `entries` is complete only when the server is ready, so the document is made at the first request. */
export function docsRoutes(app: ApiServer, entries: readonly RouteEntry[], version: string): void {
  const made: { document?: Record<string, unknown>; page?: string } = {}
  const document = () => (made.document ??= openApiDocument(entries, version))

  app.get(
    '/api/v1/openapi.json',
    { schema: { summary: 'This document', tags: ['health'] } },
    async () => document(),
  )

  app.get('/api/docs', async (_request, reply) => {
    made.page ??= docsPage(document())
    return reply
      .header('content-security-policy', PAGE_CSP)
      .type('text/html; charset=utf-8')
      .send(made.page)
  })
}

interface Operation {
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters: readonly { name: string; in: string; required: boolean }[]
  readonly requestBody?: unknown
  readonly responses: unknown
}

function docsPage(document: Record<string, unknown>): string {
  const paths = document['paths'] as Record<string, Record<string, Operation>>
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '')
  const sections = [...byTag].map(
    ([tag, items]) => `<h2>${escaped(tag)}</h2>${items.map(operationHtml).join('')}`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sluice API</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>Sluice API</h1>
<p>Send <code>Authorization: Bearer &lt;API key&gt;</code>. Errors are problem documents (RFC 9457) with a
<code>code</code>. Machines read <a href="/api/v1/openapi.json">openapi.json</a>.</p>
${sections.join('\n')}
<h2>Error codes</h2><ul>${errorsHtml()}</ul></body></html>`
}

/** Where a problem document's `type` leads. */
function errorsHtml(): string {
  const statuses = Map.groupBy(PROBLEM_CODES, ({ code }) => code)
  return [...statuses]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, rows]) => {
      const shown = [...new Set(rows.map(({ status }) => status))].join(' or ')
      return `<li id="error-${code}"><code>${code}</code> ${shown}</li>`
    })
    .join('')
}

function operationHtml(item: { path: string; method: string; operation: Operation }): string {
  const { path, method, operation } = item
  const { parameters, requestBody, responses } = operation
  const detail = JSON.stringify({ parameters, requestBody, responses }, null, 2)
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${escaped(path)}</code>
 ${escaped(operation.summary)}</summary><p>${escaped(operation.description)}</p>
<pre>${escaped(detail)}</pre></details>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
