import { connection } from './connection.ts'
import { ApiProblem, ConnectionLost } from './problem.ts'

/** How requests reach the API: same origin, session cookie, a CSRF header, problem documents as typed errors. */

export const API = '/api/v1'

/** Longer than any answer takes; after it the connection counts as lost. A file may take as long as it needs. */
const ANSWER_TIMEOUT_MS = 20_000

/** What a proxy answers for a server that is not there. */
const NOT_THERE = new Set([502, 504])

const session: { csrf: string | null; onSignedOut: () => void } = {
  csrf: null,
  onSignedOut: () => undefined,
}

export function setCsrf(csrf: string | null): void {
  session.csrf = csrf
}

/** Called when the server no longer knows the session. */
export function onSignedOut(listener: () => void): void {
  session.onSignedOut = listener
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<
    Record<string, string | number | boolean | readonly string[] | undefined>
  >
  readonly json?: unknown
  readonly file?: Blob
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** A 401 is an answer about the credentials just typed, not about the session. */
  readonly signingIn?: boolean
}

/** Refused because another tab has signed in anew since: the session's `csrf` is another one by now. */
const OLD_CSRF = 'cross-site'

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await requestOnce<T>(path, options)
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== OLD_CSRF) throw error
    const me = await requestOnce<{ readonly csrf: string | null }>('/me', {})
    setCsrf(me.csrf)
    return requestOnce<T>(path, options)
  }
}

/** A picture or a file instead of JSON; refusals are problem documents all the same. */
export async function requestBlob(path: string, options: RequestOptions = {}): Promise<Blob> {
  const answer = await send(path, options)
  if (!answer.ok) throw await refusal(answer, options)
  try {
    return await answer.blob()
  } catch (cause) {
    throw new ConnectionLost('The answer broke off.', { cause })
  }
}

async function requestOnce<T>(path: string, options: RequestOptions): Promise<T> {
  const answer = await send(path, options)
  if (answer.ok) return (await body(answer)) as T
  throw await refusal(answer, options)
}

async function refusal(answer: Response, options: RequestOptions): Promise<Error> {
  if (NOT_THERE.has(answer.status) && !isJson(answer)) {
    connection.reportLost()
    return new ConnectionLost(`The server answered ${answer.status}.`)
  }
  if (answer.status === 401 && options.signingIn !== true) session.onSignedOut()
  return new ApiProblem(answer.status, await body(answer))
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  try {
    return await fetch(address(path, options.query), {
      method: options.method ?? 'GET',
      headers: headers(options),
      credentials: 'same-origin',
      cache: 'no-store',
      body: options.file ?? (options.json === undefined ? null : JSON.stringify(options.json)),
      signal: signalOf(options),
    })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    connection.reportLost()
    throw new ConnectionLost('The server could not be reached.', { cause })
  }
}

/** A file by the browser's older interface: `fetch` does not tell how much of it is sent. */
export function sendFile<T>(path: string, file: Blob, onSent: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest()
    sending.open('PUT', address(path))
    for (const [name, value] of Object.entries(headers({ method: 'PUT', file }))) {
      sending.setRequestHeader(name, value)
    }
    sending.upload.addEventListener('progress', ({ loaded, total }) => {
      if (total > 0) onSent(loaded / total)
    })
    sending.addEventListener('error', () => {
      connection.reportLost()
      reject(new ConnectionLost('The server could not be reached.'))
    })
    sending.addEventListener('load', () => {
      const answer = parsed(sending.responseText)
      if (sending.status >= 200 && sending.status < 300) return resolve(answer as T)
      if (sending.status === 401) session.onSignedOut()
      reject(new ApiProblem(sending.status, answer))
    })
    sending.send(file)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function signalOf({ file, signal, timeoutMs }: RequestOptions): AbortSignal | null {
  if (file !== undefined) return signal ?? null
  const timeout = AbortSignal.timeout(timeoutMs ?? ANSWER_TIMEOUT_MS)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

export function address(path: string, query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    if (Array.isArray(value)) for (const one of value) search.append(name, String(one))
    else search.set(name, String(value))
  }
  const text = search.toString()
  return `${API}${path}${text === '' ? '' : `?${text}`}`
}

function headers(options: RequestOptions): Record<string, string> {
  const all: Record<string, string> = { accept: 'application/json', ...options.headers }
  if (options.json !== undefined) all['content-type'] = 'application/json'
  if (options.file !== undefined)
    all['content-type'] = options.file.type || 'application/octet-stream'
  const safe = options.method === undefined || options.method === 'GET'
  if (!safe && session.csrf !== null) all['x-sluice-csrf'] = session.csrf
  return all
}

function isJson(answer: Response): boolean {
  return /[/+]json/.test(answer.headers.get('content-type') ?? '')
}

async function body(answer: Response): Promise<unknown> {
  if (!isJson(answer)) return null
  try {
    return await answer.json()
  } catch (cause) {
    throw new ConnectionLost('The answer broke off.', { cause })
  }
}
