import {
  ActionButton,
  Button,
  ButtonGroup,
  Content,
  Dialog,
  DialogTrigger,
  Heading,
} from '@react-spectrum/s2'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { queries } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import { count } from '../../words.ts'
import styles from './log.module.css'

/** The URLs that one invalidation named. */
export function SeeLinks({ invalidation }: { readonly invalidation: Invalidation }) {
  if (invalidation.scope === 'all') return 'All'
  const amount = invalidation.urlCount
  const word = amount === 0 ? 'See links' : `See ${count(amount, 'link')}`
  return (
    <DialogTrigger>
      <ActionButton size="S" aria-label={`${word} of ${invalidation.id}`}>
        {word}
      </ActionButton>
      <Dialog size="L" isDismissible={false}>
        {({ close }) => (
          <>
            <Heading slot="title">Links</Heading>
            <Content>
              <Links id={invalidation.id} />
            </Content>
            <ButtonGroup>
              <Button variant="secondary" onPress={close}>
                Close
              </Button>
            </ButtonGroup>
          </>
        )}
      </Dialog>
    </DialogTrigger>
  )
}

/** The list itself, also on the invalidation's own page. */
export function Links({ id }: { readonly id: string }) {
  const project = useProjectId()
  const links = useInfiniteQuery(queries.invalidationUrls(project, id))
  return (
    <Loaded query={links} what="links">
      {({ pages }) => {
        const urls = pages.flatMap(({ items }) => items)
        if (urls.length === 0) {
          return (
            <Empty title="It went by asset, not by URL.">
              <p>Every rendition of the chosen assets was purged, known or not.</p>
            </Empty>
          )
        }
        return (
          <>
            <ul className={styles['links']}>
              {/* A long list may name one URL twice. */}
              {urls.map((url, at) => (
                <li key={at}>
                  <code>{url}</code>
                </li>
              ))}
            </ul>
            <div className={styles['actions']}>
              {links.hasNextPage ? (
                <ActionButton size="S" onPress={() => void links.fetchNextPage()}>
                  Show more
                </ActionButton>
              ) : (
                <CopyButton text={urls.join('\n')} what="Links" label="Copy all" />
              )}
            </div>
          </>
        )
      }}
    </Loaded>
  )
}
