import type { ProjectNames } from '../contract/records.ts'
import { verifySignature } from '../contract/signed-url.ts'
import type { EdgeAnswer } from './answer.ts'
import type { EdgeRequest } from './resource.ts'

/** Signed URLs at the public door: who may ask is judged at each request, because what is cached is the same for all. */

export type Signed =
  | { readonly ok: true; readonly expiresAtMs: number | null }
  | { readonly ok: false; readonly parameter: string; readonly reason: string }

/** `expiresAtMs` is wall-clock; null when the project does not sign, or a node of ours asks. */
export function checkSigned(
  request: EdgeRequest,
  project: string,
  signing: ProjectNames['signing'],
  wallMs: number,
): Signed {
  if (!signing || request.asker) return { ok: true, expiresAtMs: null }
  const verdict = verifySignature(request.target, project, signing, wallMs / 1000)
  return verdict.ok ? { ok: true, expiresAtMs: verdict.expiresAt * 1000 } : verdict
}

/** No cache may keep an answer past the end of its URL: `max-age` counts from when the answer was made, `Age` ago. */
export function endingAt(answer: EdgeAnswer, expiresAtMs: number, wallMs: number): EdgeAnswer {
  const age = Number(answer.headers['age'] ?? 0)
  const left = Math.max(0, Math.floor((expiresAtMs - wallMs) / 1000)) + age
  const capped = (value: string): string =>
    value
      .replace(
        /(max-age=)(\d+)/g,
        (_, name: string, text: string) => name + Math.min(Number(text), left),
      )
      .replace(/,\s*immutable/, '')
  const headers: Record<string, string> = { ...answer.headers }
  for (const name of ['cache-control', 'cdn-cache-control']) {
    const value = headers[name]
    if (value !== undefined) headers[name] = capped(value)
  }
  return { ...answer, headers }
}
