import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Notice } from '../../parts/notice.tsx'
import { placeOf } from '../../problem.ts'
import { count, estimate } from '../../words.ts'
import type { Tab } from './draft.ts'
import styles from './invalidation.module.css'

interface PlanProps {
  readonly preview: Preview
  readonly tab: Tab
  readonly limit: number
}

/** More problems than this are read in the entries themselves. */
const PROBLEMS_SHOWN_MAX = 20

/** What each target will be asked, how long it takes, and what stands in the way. */
export function Plan({ preview, tab, limit }: PlanProps) {
  const { urls, problems, targets } = preview
  const requests = targets.reduce((sum, target) => sum + target.requests, 0)
  const over = urls.length - limit
  return (
    <>
      <p>
        {tab === 'everything' ? (
          <>Everything that is cached for this project will be invalidated. </>
        ) : (
          <>Below URLs will be invalidated in the CDN cache. </>
        )}
        {targets.length === 0
          ? null
          : `${count(targets.length, 'target')} will be asked, ${count(requests, 'request')}, ${estimate(preview.estimatedSeconds)}.`}
      </p>
      {over > 0 ? (
        <Notice tone="caution" title={`At most ${count(limit, 'URL')} can be sent at once.`}>
          <p>
            This list has {urls.length.toLocaleString('en')}. Take {over.toLocaleString('en')} away
            with X, or choose <strong>All renditions</strong> alone, which is not counted in URLs.
          </p>
        </Notice>
      ) : null}
      {problems.length === 0 ? null : (
        <Notice
          tone="caution"
          title={`${count(problems.length, 'entry', 'entries')} cannot be invalidated`}
        >
          <ul className={styles['problems']}>
            {problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem, at) => {
              const place = placeOf(problem)
              return (
                <li key={at}>
                  {place === null ? null : <code>{place}</code>} {problem.reason}
                </li>
              )
            })}
          </ul>
        </Notice>
      )}
    </>
  )
}
