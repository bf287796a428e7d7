import { Button } from '@react-spectrum/s2'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Notice } from '../../parts/notice.tsx'
import { placeOf } from '../../problem.ts'
import { count, estimate } from '../../words.ts'
import { badRows, withoutBad } from './bad-rows.ts'
import type { Draft, Tab } from './draft.ts'
import styles from './invalidation.module.css'

interface PlanProps {
  readonly preview: Preview
  readonly tab: Tab
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
}

/** More problems than this are read in the entries themselves. */
const PROBLEMS_SHOWN_MAX = 20

/** What each target will be asked, how long it takes, and what stands in the way. */
export function Plan({ preview, tab, draft, onChange }: PlanProps) {
  const { targets, refusal, problems } = preview
  const requests = targets.reduce((sum, target) => sum + target.requests, 0)
  // An empty list is told by the list itself, and by Submit.
  const bad = badRows(preview).length
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
      {targets.length === 0 ? null : <Requests preview={preview} />}
      {refused ? (
        <Notice
          tone="caution"
          title={refusal.title}
          actions={
            bad === 0 ? undefined : (
              <Button
                variant="secondary"
                size="S"
                onPress={() => onChange(withoutBad(draft, preview))}
              >
                {`Remove ${count(bad, 'wrong row')}`}
              </Button>
            )
          }
        >
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

/** Requests per target, and how long each takes. */
function Requests({ preview }: { readonly preview: Preview }) {
  return (
    <ul className={styles['requests']} aria-label="Requests per target">
      {preview.targets.map(({ id, requests, estimatedSeconds }) => (
        <li key={id}>
          <strong>{id}</strong> {count(requests, 'request')}, {estimate(estimatedSeconds)}
        </li>
      ))}
    </ul>
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
