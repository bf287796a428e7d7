import { AppLink } from '../../parts/app-link.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { useProject } from '../../use-project.ts'
import { lifetime } from '../../words.ts'
import { CopiesSection } from './copies-section.tsx'
import styles from './help.module.css'

export function HelpPage() {
  const here = useProject()
  const { supportUrl } = here.project
  return (
    <Page title="Help">
      <HowItWorks />
      <CopiesSection />
      <Questions />
      <Words />
      <Section title="For scripts">
        <p>
          Everything in this console can be done by API and command line. Make a key on{' '}
          <AppLink href={paths.people(here.id)}>People and API keys</AppLink>.
        </p>
        <pre className={styles['code']}>
          <code>{`curl -H "Authorization: Bearer $SLUICE_KEY" -H "Content-Type: application/json" \\
  -d '{"assets": ["${EXAMPLE}"], "renditions": true}' \\
  ${window.location.origin}/api/v1/projects/${here.id}/invalidations

npx sluice invalidate ${EXAMPLE} --wait`}</code>
        </pre>
        <p>Clients of Cloudimage’s Invalidation API need another address and key, nothing else:</p>
        <pre className={styles['code']}>
          <code>{`curl -H "X-Client-Key: $SLUICE_KEY" -H "Content-Type: application/json" \\
  -d '{"scope": "original", "urls": ["/sample.li/flat1.jpg"]}' \\
  ${window.location.origin}/invalidate`}</code>
        </pre>
        <p>
          <a href="/api/docs" target="_blank" rel="noreferrer">
            Read the API
          </a>
        </p>
      </Section>
      <Section title="Support">
        <p>
          {supportUrl === null ? (
            'Ask an admin of this project. Give them the invalidation ID: it leads to everything that was observed.'
          ) : (
            <>
              <a href={supportUrl}>Contact support</a> and give the invalidation ID: it leads to
              everything that was observed.
            </>
          )}
        </p>
      </Section>
    </Page>
  )
}

const EXAMPLE = 'Backpack_B'

function HowItWorks() {
  return (
    <Section title="How an invalidation works">
      <ol className={styles['list']}>
        <li>
          <strong>Received.</strong> What you asked for is stored. It survives a crash.
        </li>
        <li>
          <strong>Preparing.</strong> It enters the purge log and gets its number, the seq.
        </li>
        <li>
          <strong>Flushing resizing servers, Flushing CDN servers.</strong> Every node says that it
          has applied the purge. A node that does not answer stops serving from its cache.
        </li>
        <li>
          <strong>Verifying.</strong> Sluice looks at what the caches hold now.
        </li>
        <li>
          <strong>Done.</strong> No cache that Sluice runs serves bytes that were read before you
          asked.
        </li>
      </ol>
      <p>
        <strong>ERROR_CDN_NODE</strong> means that the CDN step failed, <strong>ERROR</strong> that
        another step did. Both come with a reason and a Retry.
      </p>
    </Section>
  )
}

function Questions() {
  const here = useProject()
  return (
    <Section title="Questions">
      <dl className={styles['questions']}>
        <dt>Done, but I still see the old picture</dt>
        <dd>
          Your browser keeps its own copy, here up to {lifetime(here.project.browserTtlSeconds)}. No
          invalidation reaches it. Load the page again while you hold Shift.
        </dd>
        <dt>Must I know every URL?</dt>
        <dd>
          No. Choose the asset and leave <strong>All renditions</strong> ticked: every size, preset,
          crop and format goes, on every host, also those that nobody listed.
        </dd>
        <dt>What does a URL cover?</dt>
        <dd>
          Without a query: that path with all its queries. With a query: that one rendition in every
          spelling, format and host of the project. The Confirm list says it for each row.
        </dd>
        <dt>The picture has changed on my own server, and the old one is still shown</dt>
        <dd>
          Nothing tells Sluice of it. Invalidate it on{' '}
          <AppLink href={paths.invalidate(here.id, { tab: 'originals' })}>Originals</AppLink>; or
          put its hash into the URL as <strong>vh=</strong>, which makes the URL new whenever the
          picture is; or let origins be looked at by an interval, in{' '}
          <AppLink href={paths.settings(here.id, 'originals')}>General Settings</AppLink>.
        </dd>
        <dt>ERROR or ERROR_CDN_NODE: what now?</dt>
        <dd>
          Press <strong>Retry</strong>: it asks again what has failed. If it fails again,{' '}
          <strong>Copy report</strong> gives you everything that support asks for, with the
          invalidation ID.
        </dd>
        <dt>Why did nothing happen when I replaced the picture?</dt>
        <dd>
          {here.project.automaticInvalidation
            ? 'Here it should: automatic invalidation is on. Look in the Invalidation Log.'
            : 'Automatic invalidation is off in this project. Press Invalidate now, or switch it on in General Settings.'}
        </dd>
      </dl>
    </Section>
  )
}

const WORDS: readonly (readonly [string, string])[] = [
  ['Asset', 'A file with an id in this project. It has versions, and is published or not.'],
  ['Original', 'The bytes of an asset, or a picture on another server that a URL names.'],
  [
    'Rendition',
    'What is made of an original: one size, crop and format. One URL names one rendition.',
  ],
  ['Preset', 'A named part of a recipe: ?$product$.'],
  ['Template', 'The project’s CDN invalidation template: lines with <ID>.'],
  ['Resizer', 'The image server. It makes renditions and keeps them: the resizing tier.'],
  ['Edge', 'A cache that Sluice runs, which visitors ask. With other CDNs it is the CDN tier.'],
  ['Target', 'Anything that can be purged.'],
  [
    'Mark',
    'How much of the purge log an answer is known to reflect. Fresh means: at least up to your purge.',
  ],
]

function Words() {
  return (
    <Section title="Words">
      <dl className={styles['words']}>
        {WORDS.map(([word, meaning]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
