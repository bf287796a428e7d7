import type { Waiter } from '../cache/fills.ts'
import { ORIGINALS_PAGE, ORIGINALS_TARGET } from '../contract/known-originals.ts'
import type { OriginalLook } from '../contract/known-originals.ts'
import { hostOfOriginal, originRuleFor } from '../contract/origin-rules.ts'
import { percentDecode } from '../contract/percent.ts'
import { recordName } from '../contract/records.ts'
import type { ProjectRecord } from '../contract/records.ts'
import { OriginError } from '../origin/errors.ts'
import { provenanceHeaders, textAnswer } from './answer.ts'
import type { ResizerAnswer } from './answer.ts'
import type { RenditionParts } from './rendition.ts'

type Parts = Pick<RenditionParts, 'clock' | 'freshness' | 'records' | 'remotes'>

/** What is known of a project's remote originals, for control: one, a page of them, or one that is read for it. */
export async function originalsAnswer(
  parts: Parts,
  target: string,
  waiter: Waiter,
  mark: number,
): Promise<ResizerAnswer> {
  const { remotes } = parts
  const url = URL.parse(target, 'http://resizer')
  const project = percentDecode(url?.pathname.slice(ORIGINALS_TARGET.length) ?? '')
  if (!url || !project) return textAnswer(404, 'The path names no project.', null)
  const wanted = url.searchParams.get('look')
  if (wanted !== null) {
    const { logId } = parts.freshness
    const look = await lookAt(parts, project, wanted, waiter, mark)
    return json(look, provenanceHeaders({ logId, mark, keys: [] }))
  }
  const original = url.searchParams.get('original')
  const after = url.searchParams.get('after') ?? ''
  const items =
    original === null
      ? remotes.known(project, after, ORIGINALS_PAGE)
      : [remotes.knownOne(project, original)].filter((each) => each !== undefined)
  return json({ items })
}

/** Reads an original as any fill would, and keeps it: whoever asks for a picture of it next need not wait for its origin. */
async function lookAt(
  { clock, freshness, records, remotes }: Parts,
  id: string,
  original: string,
  waiter: Waiter,
  mark: number,
): Promise<OriginalLook> {
  const need = { mark, strict: !waiter.mayUseCache, logId: freshness.logId }
  const project = await records.read<ProjectRecord>(recordName.project(id), need)
  const rule = project && originRuleFor(hostOfOriginal(original), project.origins)
  if (!project || !rule) return { kind: 'failed', reason: 'It is of no allowed origin.' }
  try {
    const ttlSeconds = project.cdnTtlSeconds
    const found = await remotes.read({ project, rule, original, ttlSeconds }, need)
    if (found.kind === 'missing') return found
    const { ageSeconds, confirmedAt } = found
    const originAgeMs = ageSeconds === null ? null : ageSeconds * 1000 + clock.wall() - confirmedAt
    return { kind: 'read', originAgeMs }
  } catch (error) {
    if (!(error instanceof OriginError)) throw error
    return { kind: 'failed', reason: error.publicMessage }
  }
}

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): ResizerAnswer {
  const body = Buffer.from(JSON.stringify(value))
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': String(body.byteLength),
      ...headers,
    },
    body,
  }
}
