import { ActionButton, Button } from '@react-spectrum/s2'
import Close from '@react-spectrum/s2/icons/Close'
import { useState } from 'react'
import { focusNeighbour } from '../../parts/remove-button.tsx'
import { Row } from '../../parts/page.tsx'
import { count } from '../../words.ts'
import type { DraftProps } from './invalidate-page.tsx'
import styles from './invalidation.module.css'

/** Nobody reads more of them at a glance, and thousands take seconds to draw. */
const SHOWN_FIRST = 100

/** The assets and folders that were chosen, each with a way to take it out. */
export function ChosenChips({ draft, onChange }: Pick<DraftProps, 'draft' | 'onChange'>) {
  const { assets, folders } = draft
  const [isWhole, setWhole] = useState(false)
  if (assets.length + folders.length === 0) {
    return (
      <p className={styles['quiet']}>
        None chosen. Press <strong>Add Assets</strong>, or go on with URLs or the template alone.
      </p>
    )
  }
  const chips = [
    ...folders.map((path) => ({
      text: `${path}/ (folder)`,
      remove: () => onChange({ folders: without(folders, path) }),
    })),
    ...assets.map((id) => ({
      text: id,
      remove: () => onChange({ assets: without(assets, id) }),
    })),
  ]
  const isCut = !isWhole && chips.length > SHOWN_FIRST
  return (
    <>
      <ul className={styles['chips']} aria-label="Chosen">
        {(isCut ? chips.slice(0, SHOWN_FIRST) : chips).map(({ text, remove }) => (
          <Chip key={text} text={text} onRemove={remove} />
        ))}
      </ul>
      {chips.length > SHOWN_FIRST ? (
        <Row>
          <span>{`${extentOf(assets.length, folders.length)} chosen.`}</span>
          {isCut ? (
            <Button variant="secondary" size="S" onPress={() => setWhole(true)}>
              {`Show all ${chips.length.toLocaleString('en')}`}
            </Button>
          ) : null}
          <Button
            variant="secondary"
            size="S"
            onPress={() => onChange({ assets: [], folders: [] })}
          >
            Take all out
          </Button>
        </Row>
      ) : null}
    </>
  )
}

function extentOf(assets: number, folders: number): string {
  const parts = [
    ...(assets > 0 ? [count(assets, 'asset')] : []),
    ...(folders > 0 ? [count(folders, 'folder')] : []),
  ]
  return parts.join(' and ')
}

function without(list: readonly string[], one: string): string[] {
  return list.filter((other) => other !== one)
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return (
    <li className={styles['chip']}>
      {text}
      <ActionButton
        isQuiet
        size="XS"
        aria-label={`Remove ${text}`}
        onPress={({ target }) => {
          focusNeighbour(target)
          onRemove()
        }}
      >
        <Close />
      </ActionButton>
    </li>
  )
}
