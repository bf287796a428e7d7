import type { OuterTarget } from '../contract/targets.ts'
import type { Timers } from '../kernel/timers.ts'
import { TargetError } from './errors.ts'
import type { Outside, OutsideAnswer } from './outside.ts'
import type { Pace } from './pace.ts'
import type { PlannedRequest } from './purge-requests.ts'

export interface AskParts {
  readonly outside: Outside
  readonly timers: Timers
  readonly pace: Pace
}

/** A connection that was kept open may have been closed by the other side just now. */
const TRIES_MAX = 3
const TRY_AGAIN_MS = 250
/** Who asks for a longer rest than this gets it from the person who presses Retry. */
const RETRY_AFTER_MAX_S = 30
/** After so many failed requests the others are not sent: they would fail, too, and take long to. */
const FAILURES_MAX = 3
/** Of what a target says when it refuses. */
const WORDS_MAX = 200

/** Sends all requests of a purge; throws a TargetError with the first reason when any failed. */
export async function askAll(
  parts: AskParts,
  settings: OuterTarget,
  requests: readonly PlannedRequest[],
  sent: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const failures: TargetError[] = []
  let next = 0
  let done = 0
  async function work(): Promise<void> {
    while (next < requests.length && failures.length < FAILURES_MAX) {
      const request = requests[next++]!
      const failure = await askOnce(parts, settings, request, signal)
      if (failure) failures.push(failure)
      else sent((done += 1))
    }
  }
  const workers = Math.min(settings.concurrency, requests.length)
  await Promise.all(Array.from({ length: workers }, work))
  const [first] = failures
  if (!first) return
  const others = requests.length - done
  const more =
    others > 1 ? ` (${others} of ${requests.length} requests failed or were not sent)` : ''
  throw new TargetError(first.code, first.publicMessage + more, first)
}

/** Undefined when the target took it. */
async function askOnce(
  parts: AskParts,
  settings: OuterTarget,
  request: PlannedRequest,
  signal: AbortSignal,
): Promise<TargetError | undefined> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(parts, settings, request, signal)
    if (outcome === undefined) return undefined
    const waitMs = tries < TRIES_MAX ? waitBeforeNext(outcome) : null
    if (waitMs === null) return outcome.failure
    await parts.timers.sleep(waitMs, signal)
  }
}

interface Failed {
  readonly failure: TargetError
  readonly answer?: OutsideAnswer
}

export async function tryOnce(
  { outside, pace }: AskParts,
  settings: OuterTarget,
  { asked, about }: PlannedRequest,
  signal: AbortSignal,
): Promise<Failed | undefined> {
  try {
    const answer = await pace.run(signal, () => outside.send(asked, settings.allowPrivate, signal))
    const reason = refusalIn(settings, answer)
    if (reason === null) return undefined
    const failure = new TargetError('refused', `${asked.method} for ${about}: ${reason}`)
    return { failure, answer }
  } catch (error) {
    if (error instanceof TargetError) return { failure: error }
    throw error
  }
}

/** In words; null when the answer means that the purge was taken. */
export function refusalIn(settings: OuterTarget, answer: OutsideAnswer): string | null {
  const { statuses, bodyHolds } = settings.success
  if (!statuses.includes(answer.status)) {
    const said = words(settings, answer.text)
    return `it answered ${answer.status}${said === '' ? '' : `, “${said}”`}.`
  }
  if (bodyHolds === null || answer.text.includes(bodyHolds)) return null
  return `it answered ${answer.status}, but not with “${bodyHolds}”.`
}

/** The first words of a page or document, without what only we and the target may know. */
function words({ secretHeaders }: OuterTarget, text: string): string {
  let said = text.replaceAll(/<style[^]*?<\/style>|<[^>]*>/gi, ' ')
  for (const secret of Object.values(secretHeaders)) said = said.replaceAll(secret, '…')
  const line = said.replaceAll(/[\s\p{C}]+/gu, ' ').trim()
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX)}…` : line
}

/** Null: another try would end the same way. */
function waitBeforeNext({ failure, answer }: Failed): number | null {
  if (failure.code === 'unreachable') return TRY_AGAIN_MS
  if (answer?.status !== 429 && answer?.status !== 503) return null
  const seconds = Number(answer.headers['retry-after'] ?? 1)
  return Number.isFinite(seconds) && seconds <= RETRY_AFTER_MAX_S
    ? Math.max(TRY_AGAIN_MS, seconds * 1000)
    : null
}
