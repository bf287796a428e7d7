import { NDJSON } from '../contract/api/invalidations.ts'
import type { Problem } from '../contract/api/shapes.ts'
import type { Connection } from './connection.ts'
import { CliError } from './errors.ts'
import { readEvents } from './event-stream.ts'
import type { ServerEvent } from './event-stream.ts'

/** Longer than any answer that is not a stream of events takes. */
const ANSWER_TIMEOUT_MS = 60_000
/** A video over a slow line. */
const UPLOAD_TIMEOUT_MS = 3_600_000

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, beginning with `/`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly json?: unknown
  readonly bytes?: Blob
  /** A long list, a URL a line, sent while it is read. */
  readonly lines?: AsyncIterable<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
}

/** Speaks the API with one key. What is not a success becomes one error that says what the server said. */
export class ApiClient {
  readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  async ask<Answer>(request: ApiRequest): Promise<Answer> {
    const response = await this.#send(
      `/api/v1${request.path}`,
      request,
      AbortSignal.timeout(isUpload(request) ? UPLOAD_TIMEOUT_MS : ANSWER_TIMEOUT_MS),
    )
    const body = await this.#body(response)
    if (!response.ok) throw refusal(response.status, body, this.connection.server)
    if (typeof body !== 'object' || body === null) throw this.#notSluice(response.status)
    return body as Answer
  }

  /** Status and body of a path outside the API, such as `/healthz`; any status is an answer. */
  async look(path: string): Promise<{ status: number; date: string | null }> {
    const response = await this.#send(path, { path }, AbortSignal.timeout(ANSWER_TIMEOUT_MS))
    await response.arrayBuffer()
    return { status: response.status, date: response.headers.get('date') }
  }

  async *events(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const request = { path, headers: { accept: 'text/event-stream' } }
    const response = await this.#send(`/api/v1${path}`, request, signal)
    if (!response.ok)
      throw refusal(response.status, await this.#body(response), this.connection.server)
    if (response.body === null) throw this.#notSluice(response.status)
    yield* readEvents(response.body)
  }

  async #send(path: string, request: ApiRequest, signal: AbortSignal): Promise<Response> {
    const { server, key } = this.connection
    const url = new URL(`${server}${path}`)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    const headers: Record<string, string> = { authorization: `Bearer ${key}`, ...request.headers }
    if (request.json !== undefined) headers['content-type'] = 'application/json'
    if (request.bytes !== undefined) headers['content-type'] = 'application/octet-stream'
    if (request.lines !== undefined) headers['content-type'] = NDJSON
    const lines = request.lines && ReadableStream.from(request.lines)
    const json = request.json === undefined ? null : JSON.stringify(request.json)
    const body = lines ?? request.bytes ?? json
    try {
      return await fetch(url, {
        method: request.method ?? 'GET',
        headers,
        body,
        signal,
        redirect: 'error',
        ...(lines ? { duplex: 'half' } : {}),
      })
    } catch (error) {
      throw new CliError(
        'unreachable',
        `${server} does not answer (${reasonOf(error)}): is Sluice running there?`,
        error,
      )
    }
  }

  async #body(response: Response): Promise<unknown> {
    const text = await response.text()
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw this.#notSluice(response.status)
    }
  }

  #notSluice(status: number): CliError {
    return new CliError(
      'not-sluice',
      `${this.connection.server} answers ${status}, but not as Sluice does: is the URL that of the console?`,
    )
  }
}

function isUpload({ bytes, lines }: ApiRequest): boolean {
  return bytes !== undefined || lines !== undefined
}

export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  if (cause instanceof Error && cause.message !== '') return cause.message
  return error instanceof Error ? error.message : String(error)
}

/** The server's own words, one line for each thing that is wrong. */
function refusal(status: number, body: unknown, server: string): CliError {
  const problem = body as Partial<Problem> | null
  if (typeof problem?.title !== 'string') {
    return new CliError('not-sluice', `${server} answers ${status}, but not as Sluice does`)
  }
  const { title, detail, errors = [], retryAfterSeconds } = problem
  const cure =
    status === 401
      ? 'Give a key of this server with --key or SLUICE_KEY.'
      : retryAfterSeconds === undefined
        ? ''
        : `Try again in ${Math.ceil(retryAfterSeconds)} s.`
  const lines = errors.map(
    ({ line, url, item, pointer, reason }) =>
      `  ${[line === undefined ? undefined : `line ${line}`, url, item, pointer].filter((part) => part !== undefined && part !== '').join(' ')}: ${reason}`,
  )
  const first = [title, detail === title ? '' : detail, cure].filter(
    (part) => part !== undefined && part !== '',
  )
  return new CliError('refused', [first.join(' '), ...lines].join('\n'), undefined, problem)
}
