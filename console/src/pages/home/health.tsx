import { LinkButton } from '@react-spectrum/s2'
import type { Overview } from '../../../../src/contract/api/nodes.ts'
import { AppLink } from '../../parts/app-link.tsx'
import { Notice } from '../../parts/notice.tsx'
import { RetryButton } from '../../parts/outcome.tsx'
import { Stack } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { useProject } from '../../use-project.ts'
import { count, localTime } from '../../words.ts'

/** Everything that needs somebody's attention, each with its way out; or that nothing does. */
export function Health({ overview }: { readonly overview: Overview }) {
  const here = useProject()
  const out = overview.nodes.filter(({ state }) => state === 'out')
  const noEdge = !overview.nodes.some(({ role, state }) => role === 'edge' && state === 'in')
  const { publishServer, company } = here.project
  const unset = publishServer === null || company === null
  const calm = overview.failing.length + out.length + overview.folderProblems === 0
  return (
    <Stack>
      {calm && !noEdge ? (
        <Notice tone="good" title="Nothing is failing.">
          <p>
            {count(overview.nodes.length, 'node')} up to date with the purge log,{' '}
            {count(overview.counts['Done'] ?? 0, 'invalidation')} done, none failed.
          </p>
        </Notice>
      ) : null}
      <FailedInvalidations overview={overview} />
      {noEdge ? (
        <Notice tone="bad" title="No edge is running.">
          <p>Visitors get no pictures. Start an edge; Nodes shows when it is there.</p>
        </Notice>
      ) : null}
      {out.map((node) => (
        <Notice
          key={node.incarnation}
          tone="caution"
          title={`${node.id} does not answer.`}
          actions={
            <LinkButton href={paths.nodes(here.id)} variant="secondary" size="S">
              Nodes
            </LinkButton>
          }
        >
          <p>
            Last seen {localTime(node.seenAt)}. It serves nothing old: without contact it stops
            answering from its cache.
          </p>
        </Notice>
      ))}
      {overview.folderProblems === 0 ? null : (
        <Notice
          tone="caution"
          title={`${count(overview.folderProblems, 'file')} of the watched folder ${overview.folderProblems === 1 ? 'is' : 'are'} not served.`}
          actions={
            <LinkButton href={paths.assets(here.id)} variant="secondary" size="S">
              See why
            </LinkButton>
          }
        />
      )}
      {unset ? (
        <Notice tone="caution" title="No publish server or company is set.">
          <p>
            URLs of assets cannot be formed without them. Set both in{' '}
            <AppLink href={paths.settings(here.id)}>General Settings</AppLink>.
          </p>
        </Notice>
      ) : null}
    </Stack>
  )
}

function FailedInvalidations({ overview }: { readonly overview: Overview }) {
  const here = useProject()
  return overview.failing.map((invalidation) => (
    <Notice
      key={invalidation.id}
      tone="bad"
      title={`${invalidation.status}: invalidation of ${localTime(invalidation.createdAt)}`}
      actions={
        <>
          {here.can('editor') ? <RetryButton invalidation={invalidation} /> : null}
          <LinkButton
            href={paths.invalidation(here.id, invalidation.id)}
            variant="secondary"
            size="S"
          >
            Open
          </LinkButton>
        </>
      }
    >
      <p>{invalidation.failure ?? 'No reason was recorded.'}</p>
    </Notice>
  ))
}
