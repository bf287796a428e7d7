import { Button } from '@react-spectrum/s2'
import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { Notice } from '../../parts/notice.tsx'
import { placeOf } from '../../problem.ts'
import { useProject } from '../../use-project.ts'
import { count, estimate, shortList } from '../../words.ts'
import { badRows, errorsOf, withoutBad } from './bad-rows.ts'
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
  const { targets } = preview
  const requests = targets.reduce((sum, target) => sum + target.requests, 0)
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
      {tab === 'assets' ? <Reach /> : null}
      <Refusal preview={preview} draft={draft} onChange={onChange} />
      <Warnings preview={preview} />
    </>
  )
}

/** Why Submit would be refused. An empty list is told by the list itself, and by Submit. */
function Refusal({ preview, draft, onChange }: Omit<PlanProps, 'tab'>) {
  const { refusal } = preview
  if (refusal === null || refusal.code === 'no-urls') return null
  const bad = badRows(preview)
  const marked = bad.filter(({ url }) => url !== undefined).length
  const others = errorsOf(preview).filter(
    ({ url, reason }) => url === undefined && reason !== refusal.detail,
  )
  return (
    <Notice
      tone="caution"
      title={refusal.title}
      actions={
        bad.length === 0 ? undefined : (
          <Button variant="secondary" size="S" onPress={() => onChange(withoutBad(draft, preview))}>
            {`Remove ${count(bad.length, 'wrong row')}`}
          </Button>
        )
      }
    >
      <p>{refusal.detail}</p>
      <Problems problems={others} />
      {marked === 0 ? null : (
        <p>
          {marked === 1 ? 'The row below is' : `${count(marked, 'row')} below are`} marked with what
          is wrong.
        </p>
      )}
    </Notice>
  )
}

function Warnings({ preview: { warnings } }: { readonly preview: Preview }) {
  if (warnings.length === 0) return null
  return (
    <Notice tone="info" title="Please note">
      <Problems problems={warnings} />
    </Notice>
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

/** One selection is enough for all names: aliases of the company, and every host that delivers the project. */
function Reach() {
  const { company, aliases, publishServer, hosts, edges } = useProject().project
  const companies = company === null ? aliases : [company, ...aliases]
  const servers = [publishServer, ...hosts, ...edges.map(({ url }) => url)]
  const names = [...new Set(servers.flatMap((server) => hostOf(server) ?? []))]
  if (companies.length + names.length < 2) return null
  return (
    <p className={styles['quiet']}>
      Each row goes under {companies.length > 1 ? 'every company name' : 'the company name'} (
      {shortList(companies)}) and on {names.length > 1 ? 'every host' : 'the host'} (
      {shortList(names)}).
    </p>
  )
}

/** Of a URL, or of what is a host already. */
function hostOf(server: string | null | undefined): string | null {
  if (server === null || server === undefined || server === '') return null
  return URL.parse(server)?.host || server
}

function Problems({ problems }: { readonly problems: Preview['problems'] }) {
  if (problems.length === 0) return null
  return (
    <ul className={styles['problems']}>
      {problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem, at) => {
        const named = placeOf(problem)
        // A sentence that begins with the name says it once.
        const place = named !== null && problem.reason.startsWith(named) ? null : named
        return (
          <li key={at}>
            {place === null ? null : <code>{place}</code>} {problem.reason}
          </li>
        )
      })}
      {problems.length > PROBLEMS_SHOWN_MAX ? (
        <li>And {(problems.length - PROBLEMS_SHOWN_MAX).toLocaleString('en')} more.</li>
      ) : null}
    </ul>
  )
}
