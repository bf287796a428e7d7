import type { FastifySchema } from 'fastify'
import { NDJSON } from '../contract/api/invalidations.ts'
import { Problem } from '../contract/api/shapes.ts'
import { accessOf } from './access.ts'
import type { Access } from './access.ts'

/** The OpenAPI 3.1 document, made of the very schemas that requests are checked against. */

export interface RouteEntry {
  readonly method: string
  readonly url: string
  readonly schema: FastifySchema
}

type Json = Record<string, unknown>

export function openApiDocument(entries: readonly RouteEntry[], version: string): Json {
  const documented = entries.filter(({ url }) => isDocumented(url))
  const paths: Record<string, Json> = {}
  for (const entry of documented) {
    const path = entry.url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [entry.method.toLowerCase()]: operation(entry) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description:
        'Delivers images through caches and gets stale ones out of them, provably. Errors are RFC 9457 problem documents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
        session: { type: 'apiKey', in: 'cookie', name: 'sluice_session' },
        client: { type: 'apiKey', in: 'header', name: 'X-Client-Key' },
      },
    },
  }
}

/** Nodes' messages and the console's pages are nobody else's business. */
function isDocumented(url: string): boolean {
  return !url.startsWith('/internal/') && url !== '/*' && url !== '/api/docs'
}

function operation({ method, url, schema }: RouteEntry): Json {
  const access = accessOf(method, url) ?? 'public'
  const body = requestBody(method, url, schema)
  return {
    operationId: operationId(method, url),
    summary: schema.summary ?? url,
    description: [schema.description, accessText(access)].filter(Boolean).join(' '),
    tags: schema.tags ?? ['health'],
    parameters: [...pathParameters(url), ...queryParameters(schema.querystring)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responses(schema.response),
    security: security(access),
  }
}

function operationId(method: string, url: string): string {
  const words = url
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '' && !/^(?:api|v1)$/.test(word))
  return [method.toLowerCase(), ...words].join('-')
}

function accessText(access: Access): string {
  switch (access) {
    case 'public':
      return 'Open to anybody.'
    case 'signed-in':
      return 'Needs any key or session.'
    case 'owner':
      return 'Needs all rights.'
    case 'client-key':
      return 'Needs an API key in X-Client-Key.'
    case 'node':
      return 'For nodes.'
    case 'viewer':
    case 'editor':
    case 'admin':
      return `Needs the role ${access} in the project.`
  }
}

function security(access: Access): Json[] {
  if (access === 'public') return []
  return access === 'client-key' ? [{ client: [] }] : [{ key: [] }, { session: [] }]
}

function pathParameters(url: string): Json[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(name === 'id' ? { description: 'Percent-encoded; `/` is `%2F`.' } : {}),
  }))
}

function queryParameters(schema: unknown): Json[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {}, required = [] } = schema as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, each]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: each,
  }))
}

function requestBody(method: string, url: string, schema: FastifySchema): Json | undefined {
  if (schema.body !== undefined) {
    const json = { 'application/json': { schema: schema.body } }
    const lines = { [NDJSON]: { schema: { type: 'string', description: 'A URL a line' } } }
    const takesLines = method === 'POST' && url.endsWith('/invalidations')
    return { required: true, content: takesLines ? { ...json, ...lines } : json }
  }
  const isUpload = method === 'PUT' && url.endsWith('/assets/:id')
  return isUpload ? { required: true, content: { '*/*': {} } } : undefined
}

function responses(response: unknown): Json {
  const known = Object.entries((response ?? {}) as Record<string, unknown>).map(
    ([status, schema]) => [
      status,
      { description: 'As asked', content: { 'application/json': { schema } } },
    ],
  )
  const refused = {
    description: 'Refused or failed',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  const plain = known.length === 0 ? { 200: { description: 'As asked' } } : {}
  return { ...plain, ...Object.fromEntries(known), default: refused }
}
