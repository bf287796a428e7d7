import { Button, ButtonGroup, Content, Dialog, DialogContainer, Heading } from '@react-spectrum/s2'
import type { Conflict } from '../../problem.ts'
import { localTime } from '../../words.ts'
import styles from './template.module.css'

interface TemplateConflictProps {
  readonly conflict: Conflict | null
  /** Goes on with one's own text, which the next Save puts over theirs. */
  readonly onMine: () => void
  readonly onTheirs: () => void
}

/** Somebody saved meanwhile: both texts beside each other, and nothing is lost either way. */
export function TemplateConflict({ conflict, onMine, onTheirs }: TemplateConflictProps) {
  return (
    <DialogContainer onDismiss={onMine}>
      {conflict === null ? null : (
        <Dialog size="L">
          {({ close }) => (
            <>
              <Heading slot="title">Somebody saved it meanwhile</Heading>
              <Content>
                <p>
                  {conflict.theirs.savedBy ?? 'Somebody'} saved version {conflict.theirs.version} on{' '}
                  {localTime(conflict.theirs.savedAt)}. Yours is not saved yet.
                </p>
                <div className={styles['grid']}>
                  <Text title="Yours" text={conflict.yours} />
                  <Text
                    title={`Theirs, version ${conflict.theirs.version}`}
                    text={conflict.theirs.text}
                  />
                </div>
              </Content>
              <ButtonGroup>
                <Button variant="secondary" onPress={() => (onTheirs(), close())}>
                  Take theirs
                </Button>
                <Button variant="accent" onPress={() => (onMine(), close())}>
                  Go on with mine
                </Button>
              </ButtonGroup>
            </>
          )}
        </Dialog>
      )}
    </DialogContainer>
  )
}

function Text({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <pre className={styles['text']}>{text === '' ? '(empty)' : text}</pre>
    </section>
  )
}
