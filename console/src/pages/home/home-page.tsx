import { LinkButton } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { AppLink } from '../../parts/app-link.tsx'
import { Loaded } from '../../parts/loading.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Page, Section, Stack } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useReplaced } from '../../replaced.ts'
import { useProject } from '../../use-project.ts'
import { Health } from './health.tsx'
import { RecentInvalidations } from './recent.tsx'
import styles from './home.module.css'

export function HomePage() {
  const here = useProject()
  const overview = useQuery(queries.overview(here.id))
  const { data: me } = useQuery(queries.me())
  return (
    <Page
      title="Home"
      intro="Sluice delivers this project's pictures through caches, and gets old ones out of them."
    >
      {me?.hasPassword === false ? (
        <Notice tone="info" title="You have no password yet.">
          <p>Sign-in links work once. Choose a password in the account menu, top right.</p>
        </Notice>
      ) : null}
      <Section title="Is anything failing?">
        <Loaded query={overview} what="the state of the project">
          {(data) => <Health overview={data} />}
        </Loaded>
      </Section>
      <Section
        title="Three steps to try"
        intro={
          here.project.demo
            ? 'The demo pictures bear a large version number, so you see at once which one a cache holds.'
            : undefined
        }
      >
        <Steps project={here.id} demo={here.project.demo} />
      </Section>
      <Section
        title="Latest invalidations"
        actions={
          <LinkButton href={paths.log(here.id)} variant="secondary" size="S">
            Open the log
          </LinkButton>
        }
      >
        <RecentInvalidations project={here.id} />
      </Section>
    </Page>
  )
}

function Steps({ project, demo }: { readonly project: string; readonly demo: boolean }) {
  const latest = useReplaced(project)[0]?.asset ?? (demo ? 'flat' : '')
  return (
    <Stack>
      <ol className={styles['steps']}>
        <li className={styles['step']}>
          <h3>Replace a picture</h3>
          <p>
            {demo ? (
              <>
                On <AppLink href={paths.assets(project)}>Assets</AppLink>, press{' '}
                <strong>Put in version 2</strong> at any picture. No file is needed. Each edge is
                visited once before, so that it holds version 1.
              </>
            ) : (
              <>
                On <AppLink href={paths.assets(project)}>Assets</AppLink>, drop a new file on a
                picture.
              </>
            )}
          </p>
        </li>
        <li className={styles['step']}>
          <h3>See that the edges still show the old one</h3>
          <p>
            <AppLink href={paths.live(project, { asset: latest })}>Live view</AppLink> shows what
            each edge holds, byte for byte. Looking changes nothing.
          </p>
        </li>
        <li className={styles['step']}>
          <h3>Invalidate, and see the new one everywhere</h3>
          <p>
            Press <strong>Invalidate now</strong> in the message, or choose assets and URLs in{' '}
            <AppLink href={paths.invalidate(project)}>CDN Invalidation</AppLink>.
          </p>
        </li>
      </ol>
      {demo ? (
        <Notice tone="info">
          <p>
            The demo does not invalidate by itself, so that you can watch. Other projects do so when
            an asset changes. The switch is in{' '}
            <AppLink href={paths.settings(project, 'automatic')}>General Settings</AppLink>.
          </p>
        </Notice>
      ) : null}
    </Stack>
  )
}
