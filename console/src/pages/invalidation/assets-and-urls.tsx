import { Button, Checkbox, DialogTrigger, Switch } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { AppLink } from '../../parts/app-link.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { paths } from '../../paths.ts'
import { queries } from '../../queries.ts'
import { mayReason, useProject } from '../../use-project.ts'
import { count } from '../../words.ts'
import { AssetPicker } from './asset-picker.tsx'
import { ChosenChips } from './chosen-chips.tsx'
import { isChanged, linesOf, selectionOf } from './draft.ts'
import type { Draft } from './draft.ts'
import { excessOf } from './groups.ts'
import type { DraftProps } from './invalidate-page.tsx'
import { UrlEntries } from './url-entries.tsx'
import { usePreview, useSettled } from './use-preview.ts'
import styles from './invalidation.module.css'

/** Add Details for assets, folders and single URLs. */
export function AssetsAndUrls({ draft, onChange, onNext }: DraftProps) {
  const here = useProject()
  const tooLong = useTooLong(draft)
  return (
    <Stack>
      <Section
        title="Assets"
        actions={
          <DialogTrigger>
            <Button variant="secondary">Add Assets</Button>
            <AssetPicker
              chosen={draft}
              onChosen={({ assets, folders }) => onChange({ assets, folders })}
            />
          </DialogTrigger>
        }
      >
        <ChosenChips draft={draft} onChange={onChange} />
        <Switch
          isSelected={draft.dynamicMediaOnly}
          onChange={(dynamicMediaOnly) => onChange({ dynamicMediaOnly })}
        >
          Dynamic Media only
        </Switch>
        <p className={styles['quiet']}>
          {draft.dynamicMediaOnly
            ? 'The list is exactly the one that Dynamic Media would form. What is not listed stays in the caches.'
            : 'Off: the list may hold more than Dynamic Media would form.'}
        </p>
        <Options draft={draft} onChange={onChange} />
      </Section>
      <Section title="URLs">
        <UrlEntries urls={draft.urls} onChange={(urls) => onChange({ urls })} />
      </Section>
      <div className={styles['next']}>
        <ReasonedButton
          variant="accent"
          reason={mayReason(here, 'invalidate') ?? tooLong}
          onPress={onNext}
        >
          Next
        </ReasonedButton>
      </div>
    </Stack>
  )
}

/** Why the list is too long to go on, and by how much: counted by the server, formed and added together, without doubles. */
function useTooLong(draft: Draft): string | null {
  const here = useProject()
  const max = here.project.maxUrlsPerInvalidation
  const settled = useSettled(draft)
  const preview = usePreview(here.id, selectionOf(settled, 'assets'), isChanged(settled))
  const isKnown = settled === draft && preview.data !== undefined && !preview.isPlaceholderData
  // Until the answer is there, what is typed alone tells the least.
  const excess = isKnown ? excessOf(preview.data, max) : typedCount(draft) - max
  if (excess <= 0) return null
  return `Remove ${number(excess)}: the list has ${number(max + excess)} URLs, and at most ${number(max)} go at once. An admin can raise the limit in General Settings.`
}

function typedCount({ urls, exclude }: Draft): number {
  const typed = new Set(linesOf(urls))
  for (const url of exclude) typed.delete(url)
  return typed.size
}

function number(amount: number): string {
  return amount.toLocaleString('en')
}

type ChoiceProps = Pick<DraftProps, 'draft' | 'onChange'>

interface Option {
  /** Dynamic Media has it, too. */
  readonly isTheirs?: true
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
    isTheirs: true,
    label: 'Invalidate asset associated image presets in CDN',
    help: 'Adds the base URL and one URL for each image preset. Images only.',
  },
  {
    name: 'template',
    isTheirs: true,
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
      {OPTIONS.filter(({ isTheirs }) => isTheirs === true || !draft.dynamicMediaOnly).map(
        ({ name, label, help }) => (
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
                  <AppLink href={paths.template(here.id)}>
                    {lines === 0 ? 'It is empty: write it' : `It has ${count(lines, 'line')}`}
                  </AppLink>
                  .
                </>
              ) : null}
            </p>
          </div>
        ),
      )}
    </div>
  )
}
