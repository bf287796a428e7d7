import { Notice } from '../../parts/notice.tsx'
import { Section, Stack } from '../../parts/page.tsx'
import { TextField } from '@react-spectrum/s2'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { mayReason, useProject } from '../../use-project.ts'
import type { DraftProps } from './invalidate-page.tsx'
import styles from './invalidation.module.css'

/** Add Details for the whole project: asks for its name, because there is no way back. */
export function Everything({ draft, onChange, onNext }: DraftProps) {
  const here = useProject()
  const named = draft.confirm === here.id
  const reason = mayReason(here, 'everything') ?? (named ? null : `Type ${here.id} above to go on.`)
  return (
    <Stack>
      <Section title="Everything">
        <Notice tone="caution" title="Please use this with caution.">
          <p>
            It erases the entire cache of the project <strong>{here.id}</strong>: every rendition
            that any cache holds. Afterwards the cache has to be rebuilt, so the first request of
            each URL takes more time, and your origins are read again. Nothing is deleted from your
            assets.
          </p>
        </Notice>
        <TextField
          label={`To confirm, type the project's name: ${here.id}`}
          value={draft.confirm}
          onChange={(confirm) => onChange({ confirm })}
          autoComplete="off"
          spellCheck="false"
        />
      </Section>
      <div className={styles['next']}>
        <ReasonedButton variant="accent" reason={reason} onPress={onNext}>
          Next
        </ReasonedButton>
      </div>
    </Stack>
  )
}
