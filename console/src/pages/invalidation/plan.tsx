import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Notice } from '../../parts/notice.tsx'
import { placeOf } from '../../problem.ts'
import { count, estimate } from '../../words.ts'
import type { Tab } from './draft.ts'
import styles from './invalidation.module.css'

interface PlanProps {
  readonly preview: Preview
  readonly tab: Tab
}

/** More problems than this are read in the entries themselves. */
const PROBLEMS_SHOWN_MAX = 20

/** What each target will be asked, how long it takes, and what stands in the way. */
export function Plan({ preview, tab }: PlanProps) {
  const { targets, refusal, problems } = preview
  const requests = targets.reduce((sum, target) => sum + target.requests, 0)
  // An empty list is told by the list itself, and by Submit.
  const refused = refusal !== null && refusal.code !== 'no-urls'
  return (
    <>
      <p>
        {tab === 'everything'
          ? 'Everything that is cached for this project will be invalidated. '
          : 'Below URLs will be invalidated in the CDN cache. '}
        {targets.length === 0
          ? null
          : `${count(targets.length, 'target')} will be asked, ${count(requests, 'request')}, ${estimate(preview.estimatedSeconds)}.`}
      </p>
      {refused ? (
        <Notice tone="caution" title={refusal.title}>
          <p>{refusal.detail}</p>
          <Problems preview={preview} />
        </Notice>
      ) : problems.length > 0 && refusal === null ? (
        <Notice tone="caution" title="Please note">
          <Problems preview={preview} />
        </Notice>
      ) : null}
    </>
  )
}

function Problems({ preview: { problems, refusal } }: { readonly preview: Preview }) {
  const more = problems.filter(({ reason }) => reason !== refusal?.detail)
  if (more.length === 0) return null
  return (
    <ul className={styles['problems']}>
      {more.slice(0, PROBLEMS_SHOWN_MAX).map((problem, at) => {
        const place = placeOf(problem)
        return (
          <li key={at}>
            {place === null ? null : <code>{place}</code>} {problem.reason}
          </li>
        )
      })}
      {more.length > PROBLEMS_SHOWN_MAX ? (
        <li>And {more.length - PROBLEMS_SHOWN_MAX} more.</li>
      ) : null}
    </ul>
  )
}
