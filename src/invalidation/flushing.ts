import type { MemberProgress, Purge, Target } from '../targets/target.ts'

/** One attempt to flush all targets of a purge: who has begun, how far each member is, and waiting for them. */
export interface Flushing {
  /** One that has ended may begin again. */
  begin(targets: readonly Target[]): void
  members(): readonly MemberProgress[]
  /** Resolves when every member of the tier has ended, among the targets that have begun. */
  tierEnded(tier: MemberProgress['tier']): Promise<void>
  allEnded(): Promise<void>
}

interface Begun {
  readonly target: Target
  members: readonly MemberProgress[]
  reported: boolean
  settled: boolean
}

export function createFlushing(
  purge: Purge,
  onProgress: (members: readonly MemberProgress[]) => void,
  signal: AbortSignal,
): Flushing {
  const begun: Begun[] = []
  const waiting = new Set<() => void>()
  const members = () => begun.flatMap((each) => each.members)

  function progress(each: Begun, reported: readonly MemberProgress[]): void {
    each.members = reported
    each.reported = true
    onProgress(reported)
    for (const check of waiting) check()
  }

  async function flush(each: Begun): Promise<void> {
    try {
      const ended = await each.target.flush(purge, (reported) => progress(each, reported), signal)
      each.settled = true
      progress(each, ended)
    } catch (error) {
      // Who aborts does not want to hear of it; anything else is this target's failure and no other's.
      if (signal.aborted) return
      each.settled = true
      progress(each, failed(each, error))
    }
  }

  function until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error)
      function check(): void {
        if (!isTrue()) return
        waiting.delete(check)
        signal.removeEventListener('abort', abort)
        resolve()
      }
      if (signal.aborted) return abort()
      signal.addEventListener('abort', abort, { once: true })
      waiting.add(check)
      check()
    })
  }

  return {
    members,
    begin(targets) {
      for (const target of targets) {
        const each: Begun = { target, members: [], reported: false, settled: false }
        const before = begun.findIndex((one) => one.target.id === target.id)
        if (before >= 0) begun.splice(before, 1)
        begun.push(each)
        void flush(each)
      }
    },
    tierEnded: (tier) =>
      until(() =>
        begun.every(
          (each) =>
            each.settled ||
            (each.reported && each.members.every((one) => one.tier !== tier || hasEnded(one))),
        ),
      ),
    allEnded: () => until(() => begun.every((each) => each.settled)),
  }
}

function hasEnded({ state }: MemberProgress): boolean {
  return state === 'done' || state === 'failed'
}

function failed(each: Begun, error: unknown): readonly MemberProgress[] {
  const detail = error instanceof Error ? error.message : String(error)
  if (each.members.length === 0) {
    return [{ id: each.target.id, tier: 'cdn', state: 'failed', detail }]
  }
  return each.members.map((one) =>
    one.state === 'done' ? one : { ...one, state: 'failed', detail },
  )
}
