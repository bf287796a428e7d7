import { LinkButton } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../parts/loading.tsx'
import { Section } from '../../parts/page.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { useProject } from '../../use-project.ts'
import styles from './template.module.css'

/** Where Dynamic Media Classic has the template: in General Settings. It is edited on its own page. */
export function TemplateSummary() {
  const here = useProject()
  const template = useQuery(queries.template(here.id))
  return (
    <Section
      title="CDN Invalidation Template"
      id="template"
      actions={
        <LinkButton href={paths.template(here.id)} variant="secondary" size="S">
          Edit the template
        </LinkButton>
      }
    >
      <Loaded query={template} what="the template">
        {({ text }) => <pre className={styles['text']}>{text === '' ? 'It is empty.' : text}</pre>}
      </Loaded>
    </Section>
  )
}
