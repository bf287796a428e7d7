import type { IncomingMessage, ServerResponse } from 'node:http'
import { keyText } from '../../src/contract/keys.ts'
import { NODE_HEADERS } from '../../src/contract/node-protocol.ts'
import { parseCanonicalTarget } from '../../src/contract/parse-delivery-url.ts'
import { recordName } from '../../src/contract/records.ts'
import { urlKeyTexts } from '../../src/contract/url-keys.ts'
import { NAMES, provenance } from './edge-bench.ts'
import { serveHttp } from './http.ts'
import type { HeardRequest, TestServer } from './http.ts'

/** An upstream that speaks as a resizer does and whose every word the test decides. */
export interface FakeResizer {
  readonly server: TestServer
  /** What pictures say at this moment. */
  body: string
  /** How much of the purge log it has applied. */
  applied: number
  /** Whether it claims at least what it is asked for, as a resizer that reads the origin may. */
  honest: boolean
  /** Replaces the answer for pictures. */
  handler: ((request: IncomingMessage, response: ServerResponse) => void) | null
  /** Questions for pictures, without those for the names. */
  asked(): HeardRequest[]
  named(): HeardRequest[]
}

const NAMES_TARGET = '/~/names'

export async function fakeResizer(): Promise<FakeResizer> {
  const server = await serveHttp((request, response) => {
    if (request.url === NAMES_TARGET) return answerNames(fake, request, response)
    if (fake.handler) return fake.handler(request, response)
    return answerPicture(fake, request, response)
  })
  const fake: FakeResizer = {
    server,
    body: 'version 1',
    applied: 0,
    honest: true,
    handler: null,
    asked: () => server.heard.filter(({ url }) => url !== NAMES_TARGET),
    named: () => server.heard.filter(({ url }) => url === NAMES_TARGET),
  }
  return fake
}

function markFor(fake: FakeResizer, request: IncomingMessage): number {
  const asked = Number(request.headers[NODE_HEADERS.minMark] ?? 0)
  return fake.honest ? Math.max(fake.applied, asked) : fake.applied
}

function answerNames(fake: FakeResizer, request: IncomingMessage, response: ServerResponse): void {
  const keys = [keyText.record(recordName.names())]
  send(request, response, JSON.stringify(NAMES), {
    'cdn-cache-control': 'max-age=36000',
    ...provenance(markFor(fake, request), keys),
  })
}

function answerPicture(
  fake: FakeResizer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const parsed = parseCanonicalTarget(request.url ?? '')
  const keys = parsed.ok ? urlKeyTexts(parsed.url) : []
  const accept = request.headers['accept'] ?? ''
  send(request, response, `${fake.body}${accept && ` as ${accept}`}`, {
    'content-type': 'image/jpeg',
    'cache-control': 'public, max-age=60',
    'cdn-cache-control': 'max-age=36000',
    'sluice-input': 'a'.repeat(64),
    ...provenance(markFor(fake, request), keys),
  })
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  headers: Record<string, string>,
): void {
  const etag = `"${Buffer.from(body).toString('base64url').slice(0, 40)}"`
  const same = request.headers['if-none-match'] === etag
  response.writeHead(same ? 304 : 200, { ...headers, etag }).end(same ? undefined : body)
}
