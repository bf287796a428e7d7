import { Badge, Button, Switch } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Live, LiveCopy } from '../../../../src/contract/api/live.ts'
import { api } from '../../api.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { OldCopies } from '../../parts/old-copies.tsx'
import { Row } from '../../parts/page.tsx'
import { queries } from '../../queries.ts'
import { useReplaced } from '../../replaced.ts'
import { useProject } from '../../use-project.ts'
import { bytes, lifetime } from '../../words.ts'
import { toastFailure } from '../../toast.ts'
import { LiveVersion } from './live-version.tsx'
import { LivePicture } from './live-picture.tsx'
import styles from './live.module.css'

const FOLLOW_MS = 2_000

export function LiveCopies({ url }: { readonly url: string }) {
  const here = useProject()
  const [following, setFollowing] = useState(true)
  const live = useQuery({
    ...queries.live(here.id, url),
    refetchInterval: following ? FOLLOW_MS : false,
  })
  return (
    <>
      <div className={styles['bar']}>
        <span className={styles['address']}>
          <code>{url}</code>
          <CopyButton text={url} what="URL" />
        </span>
        <Row>
          <Switch isSelected={following} onChange={setFollowing}>
            Keep looking
          </Switch>
          <Button
            variant="primary"
            isPending={live.isFetching && !following}
            onPress={() => void live.refetch()}
          >
            Look again
          </Button>
          <VisitAllButton url={url} nodes={live.data?.edges.map(({ node }) => node) ?? []} />
        </Row>
      </div>
      <Loaded query={live} what="the copies">
        {(data) => <Copies live={data} url={url} />}
      </Loaded>
    </>
  )
}

function Copies({ live, url }: { readonly live: Live; readonly url: string }) {
  const here = useProject()
  const asset = live.asset?.id ?? null
  const started = useReplaced(here.id).find((one) => one.asset === asset)
  return (
    <>
      <LiveVersion live={live} />
      {asset === null ? null : (
        <OldCopies asset={asset} invalidation={started?.invalidation ?? null} isLive />
      )}
      {live.edges.length === 0 ? (
        <Empty title="No edge is running.">
          <p>Start an edge; Nodes shows when it is there.</p>
        </Empty>
      ) : (
        <ul className={styles['edges']} aria-label="Edges">
          {live.edges.map((copy) => (
            <Edge key={copy.node} copy={copy} url={url} />
          ))}
        </ul>
      )}
    </>
  )
}

const VERDICTS = {
  fresh: { word: 'Fresh', tone: 'positive' },
  stale: { word: 'Stale', tone: 'negative' },
  absent: { word: 'Holds no copy', tone: 'neutral' },
  unknown: { word: 'Unknown', tone: 'notice' },
} as const satisfies Record<LiveCopy['verdict'], { word: string; tone: string }>

const SENTENCES = {
  fresh: 'Made of the current version.',
  stale: 'Made of an older version. Visitors of this edge still see it.',
  absent: 'The next visitor makes it fetch the current version.',
  unknown: 'It could not be told what this copy was made of.',
} satisfies Record<LiveCopy['verdict'], string>

function Edge({ copy, url }: { readonly copy: LiveCopy; readonly url: string }) {
  const verdict = VERDICTS[copy.verdict]
  return (
    <li className={styles['edge']}>
      <header className={styles['edgeHeader']}>
        <h2>{copy.node}</h2>
        <Badge variant={verdict.tone} fillStyle={copy.verdict === 'stale' ? 'bold' : 'subtle'}>
          {verdict.word}
        </Badge>
      </header>
      <LivePicture copy={copy} url={url} />
      <p className={styles['quiet']}>{copy.detail ?? SENTENCES[copy.verdict]}</p>
      {copy.verdict === 'absent' ? null : <Facts copy={copy} />}
      <VisitHereButton url={url} node={copy.node} />
    </li>
  )
}

function Facts({ copy }: { readonly copy: LiveCopy }) {
  const facts: readonly (readonly [string, string | null])[] = [
    ['Cache', copy.hit ? 'HIT' : 'MISS'],
    ['Age', copy.ageSeconds === null ? null : lifetime(copy.ageSeconds)],
    ['Mark', copy.mark === null ? null : String(copy.mark)],
    ['Status', copy.status === null ? null : String(copy.status)],
    ['Type', copy.contentType],
    ['Size', copy.bytes === null ? null : bytes(copy.bytes)],
    ['Cache-Status', copy.cacheStatus],
    ['ETag', copy.etag],
    ['SHA-256', copy.sha256],
  ]
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

/** Unlike looking, this is a real visit: it may fill the caches of these edges. */
function useVisit(url: string, nodes: readonly string[]) {
  const here = useProject()
  const live = useQuery({ ...queries.live(here.id, url), enabled: false })
  return useMutation({
    mutationFn: () => Promise.all(nodes.map((node) => api.visit(here.id, url, node))),
    onSuccess: () => live.refetch(),
    onError: toastFailure,
  })
}

function VisitAllButton({
  url,
  nodes,
}: {
  readonly url: string
  readonly nodes: readonly string[]
}) {
  const visit = useVisit(url, nodes)
  return (
    <Button variant="secondary" isPending={visit.isPending} onPress={() => visit.mutate()}>
      Fetch as a visitor
    </Button>
  )
}

function VisitHereButton({ url, node }: { readonly url: string; readonly node: string }) {
  const visit = useVisit(url, [node])
  return (
    <Button variant="secondary" size="S" isPending={visit.isPending} onPress={() => visit.mutate()}>
      {`Visit only ${node}`}
    </Button>
  )
}
