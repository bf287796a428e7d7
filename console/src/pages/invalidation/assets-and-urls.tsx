import { ActionButton, Button, Checkbox, DialogTrigger, TextArea } from '@react-spectrum/s2'
import Close from '@react-spectrum/s2/icons/Close'
import { useQuery } from '@tanstack/react-query'
import { AppLink } from '../../parts/app-link.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { roleReason, useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { AssetPicker } from './asset-picker.tsx'
import { linesOf } from './draft.ts'
import type { DraftProps } from './invalidate-page.tsx'
import styles from './invalidation.module.css'

/** Add Details for assets, folders and single URLs. */
export function AssetsAndUrls({ draft, onChange, onNext }: DraftProps) {
  const here = useProject()
  const lines = linesOf(draft.urls).length
  return (
    <Stack>
      <Section
        title="Assets"
        actions={
          <DialogTrigger>
            <Button variant="secondary">Add Assets</Button>
            <AssetPicker chosen={draft.assets} onChosen={(assets) => onChange({ assets })} />
          </DialogTrigger>
        }
      >
        <Chosen draft={draft} onChange={onChange} />
        <Options draft={draft} onChange={onChange} />
      </Section>
      <Section title="URLs">
        <TextArea
          label="Add URL"
          description="Full URLs, one per line. A URL without a query covers that path with all its queries."
          value={draft.urls}
          onChange={(urls) => onChange({ urls })}
          UNSAFE_style={{ width: '100%' }}
        />
        {lines === 0 ? null : <p className={styles['quiet']}>{count(lines, 'URL')} entered.</p>}
      </Section>
      <div className={styles['next']}>
        <ReasonedButton variant="accent" reason={roleReason(here, 'editor')} onPress={onNext}>
          Next
        </ReasonedButton>
      </div>
    </Stack>
  )
}

type ChoiceProps = Pick<DraftProps, 'draft' | 'onChange'>

function without(list: readonly string[], one: string): string[] {
  return list.filter((other) => other !== one)
}

function Chosen({ draft, onChange }: ChoiceProps) {
  if (draft.assets.length + draft.folders.length === 0) {
    return (
      <p className={styles['quiet']}>
        None chosen. Press <strong>Add Assets</strong>, or go on with URLs or the template alone.
      </p>
    )
  }
  return (
    <ul className={styles['chips']} aria-label="Chosen">
      {draft.assets.map((id) => (
        <Chip
          key={`asset ${id}`}
          text={id}
          onRemove={() => onChange({ assets: without(draft.assets, id) })}
        />
      ))}
      {draft.folders.map((path) => (
        <Chip
          key={`folder ${path}`}
          text={`${path}/ (folder)`}
          onRemove={() => onChange({ folders: without(draft.folders, path) })}
        />
      ))}
    </ul>
  )
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return (
    <li className={styles['chip']}>
      {text}
      <ActionButton isQuiet size="XS" aria-label={`Remove ${text}`} onPress={onRemove}>
        <Close />
      </ActionButton>
    </li>
  )
}

interface Option {
  readonly name: 'renditions' | 'presets' | 'template' | 'crops' | 'content' | 'served'
  readonly label: string
  readonly help: string
}

const OPTIONS: readonly Option[] = [
  {
    name: 'renditions',
    label: 'All renditions',
    help: 'Every size, crop and format of the chosen assets, known or not, on every host. You need not know a URL.',
  },
  {
    name: 'presets',
    label: 'Invalidate asset associated image presets in CDN',
    help: 'Adds the base URL and one URL for each image preset. Images only.',
  },
  {
    name: 'template',
    label: 'Invalidation based on template',
    help: 'Adds the lines of the CDN invalidation template.',
  },
  { name: 'crops', label: 'Smart crops', help: 'Adds the URL of each smart crop.' },
  {
    name: 'content',
    label: 'Content URLs',
    help: 'Adds /is/content URLs of videos, PDFs and other files.',
  },
  {
    name: 'served',
    label: 'Every URL known to have been served',
    help: 'Adds what visitors really asked for, in their own spelling.',
  },
]

function Options({ draft, onChange }: ChoiceProps) {
  const here = useProject()
  const template = useQuery(queries.template(here.id))
  const lines = linesOf(template.data?.text ?? '').length
  return (
    <div className={styles['options']} role="group" aria-label="What of the chosen assets">
      {OPTIONS.map(({ name, label, help }) => (
        <div key={name} className={styles['option']}>
          <Checkbox
            isSelected={draft[name]}
            onChange={(on: boolean) => onChange({ [name]: on })}
            aria-describedby={`help-${name}`}
          >
            {label}
          </Checkbox>
          <p id={`help-${name}`} className={styles['help']}>
            {help}
            {name === 'template' && template.data !== undefined ? (
              <>
                {' '}
                <AppLink href={paths.settings(here.id, 'template')}>
                  {lines === 0 ? 'It is empty: write it' : `It has ${count(lines, 'line')}`}
                </AppLink>
                .
              </>
            ) : null}
          </p>
        </div>
      ))}
    </div>
  )
}
