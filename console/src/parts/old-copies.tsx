import { CloseButton, LinkButton } from '@react-spectrum/s2'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { SubmitBody } from '../../../src/contract/api/invalidations.ts'
import { isFinal } from '../../../src/contract/invalidation.ts'
import { api } from '../api.ts'
import { browser } from '../browser.ts'
import { paths } from '../paths.ts'
import { queries, tellInvalidation } from '../queries.ts'
import { replaced } from '../replaced.ts'
import { roleReason, useProject } from '../use-project.ts'
import { count } from '../words.ts'
import { Notice } from './notice.tsx'
import { Outcome } from './outcome.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { ReasonedButton } from './reasoned-button.tsx'
import styles from './old-copies.module.css'

interface OldCopiesProps {
  readonly asset: string
  /** The invalidation that was started from here. */
  readonly invalidation: string | null
  /** Says so too when no edge holds an old copy. */
  readonly always?: boolean
  /** On Live view itself no link leads there. */
  readonly isLive?: boolean
  readonly onClose?: () => void
}

/** `2 edges still show the old one. Invalidate now`: what a replacement left in the caches, and the way out. */
export function OldCopies({
  asset,
  invalidation,
  always = false,
  isLive = false,
  onClose,
}: OldCopiesProps) {
  const here = useProject()
  const running = useQuery({
    ...queries.invalidation(here.id, invalidation ?? ''),
    enabled: invalidation !== null,
  })
  const ended = running.data !== undefined && isFinal(running.data.status)
  return (
    <div className={styles['message']}>
      <div className={styles['notices']}>
        {invalidation === null ? null : <Outcome id={invalidation} asset={asset} linked />}
        {invalidation === null || ended ? (
          <Copies asset={asset} always={always && invalidation === null} isLive={isLive} />
        ) : null}
      </div>
      {onClose === undefined ? null : (
        <CloseButton size="M" aria-label={`Hide the message on ${asset}`} onPress={onClose} />
      )}
    </div>
  )
}

/** Every rendition, known or not; what is ticked besides only names in the log what most people know of it. */
function wholeAsset(asset: string): SubmitBody {
  return { assets: [asset], renditions: true, presets: true, content: true }
}

function Copies({
  asset,
  always,
  isLive,
}: Required<Pick<OldCopiesProps, 'asset' | 'always' | 'isLive'>>) {
  const here = useProject()
  const copies = useQuery(queries.copies(here.id, asset))
  const look = isLive ? null : (
    <LinkButton href={paths.live(here.id, { asset })} variant="secondary" size="S">
      Live view
    </LinkButton>
  )
  if (copies.data === undefined) return <ProblemAlert error={copies.error} />
  const { edgesWithOld, edges } = copies.data
  if (edgesWithOld > 0) return <StillOld asset={asset} edges={edgesWithOld} look={look} />
  if (!always) return null
  const asked = edges.some((edge) => edge.asked > 0)
  const silent = edges.filter((edge) => edge.silent).map((edge) => edge.node)
  return (
    <Notice tone="info" title={<AllCurrent asset={asset} asked={asked} />} actions={look}>
      {silent.length === 0 ? null : <p>{silent.join(', ')} did not answer.</p>}
    </Notice>
  )
}

interface StillOldProps {
  readonly asset: string
  readonly edges: number
  readonly look: ReactNode
}

function StillOld({ asset, edges, look }: StillOldProps) {
  const here = useProject()
  const invalidate = useMutation({
    mutationFn: () => api.submit(here.id, wholeAsset(asset), browser.id()),
    onSuccess: (answer) => {
      tellInvalidation(here.id, answer)
      replaced.invalidatedBy(here.id, asset, answer.id)
    },
  })
  const still =
    edges === 1
      ? '1 edge still shows the old one.'
      : `${count(edges, 'edge')} still show the old one.`
  return (
    <Notice
      tone="caution"
      announce
      title={
        <>
          <code>{asset}</code>: {still}
        </>
      }
      actions={
        <>
          <ReasonedButton
            variant="accent"
            size="S"
            reason={roleReason(here, 'editor')}
            isPending={invalidate.isPending}
            onPress={() => invalidate.mutate()}
          >
            Invalidate now
          </ReasonedButton>
          {look}
        </>
      }
    >
      {here.project.automaticInvalidation ? (
        <p>A change of an asset is invalidated by itself here, within about two seconds.</p>
      ) : null}
      <ProblemAlert error={invalidate.error} />
    </Notice>
  )
}

function AllCurrent({ asset, asked }: { readonly asset: string; readonly asked: boolean }) {
  return (
    <>
      <code>{asset}</code>:{' '}
      {asked
        ? 'no edge holds an old copy.'
        : 'no visitor has asked for it yet, so no edge holds a copy.'}
    </>
  )
}
