import type {
  Invalidation,
  PastAttempt,
  TimelineEntry,
} from '../../../../src/contract/invalidation.ts'
import { StatusOf } from '../../parts/status.tsx'
import { count, exactDuration, localTime } from '../../words.ts'
import { attemptsOf } from './attempts.ts'
import styles from './log.module.css'

function sinceStart(entries: readonly TimelineEntry[], at: string): string {
  return exactDuration(Date.parse(at) - Date.parse(entries[0]?.at ?? at))
}

/** What happened when; after a Retry, attempt by attempt. */
export function Timeline({ invalidation }: { readonly invalidation: Invalidation }) {
  const attempts = attemptsOf(invalidation)
  return attempts.map(({ number, entries, tookMs, past }) => (
    <div key={number} className={styles['tier']}>
      {attempts.length === 1 ? null : (
        <h3>
          Attempt {number}
          {tookMs === null ? null : (
            <span className={styles['quiet']}> ended after {exactDuration(tookMs)}</span>
          )}
        </h3>
      )}
      <ol className={styles['timeline']}>
        {entries.map((entry, at) => (
          <li key={at}>
            <StatusOf status={entry.status} />
            <time dateTime={entry.at} className={styles['quiet']}>
              {localTime(entry.at)}
              {at === 0 ? null : `, after ${sinceStart(entries, entry.at)}`}
            </time>
          </li>
        ))}
      </ol>
      {past === null ? null : <HowItEnded past={past} />}
    </div>
  ))
}

/** What a Retry followed: why, and which targets it was about. */
function HowItEnded({ past }: { readonly past: PastAttempt }) {
  const done = past.targets.filter(({ state }) => state === 'done').length
  const failed = past.targets.filter(({ state }) => state === 'failed')
  return (
    <>
      <p className={styles['quiet']}>
        {past.failure ?? 'No reason was recorded.'}
        {past.targets.length === 0
          ? ''
          : ` ${done} of ${count(past.targets.length, 'target')} done.`}
      </p>
      {failed.length < 2 ? null : (
        <ul className={styles['notes']}>
          {failed.map(({ id, attempts, detail }) => (
            <li key={id}>
              <strong>{id}</strong> failed, asked {attempts === 1 ? 'once' : `${attempts} times`}
              {detail === null ? '' : `: ${detail}`}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
