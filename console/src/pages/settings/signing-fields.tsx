import { ActionButton, Switch } from '@react-spectrum/s2'
import { useState } from 'react'
import type { SigningKey } from '../../../../src/contract/delivery-settings.ts'
import { browser } from '../../browser.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Notice } from '../../parts/notice.tsx'
import { ReasonedButton } from '../../parts/reasoned-button.tsx'
import { WideText } from '../../parts/wide-fields.tsx'
import { useProject } from '../../use-project.ts'
import { SignUrl } from './sign-url.tsx'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Whether URLs must be signed, and by which keys. Keys are shown to admins only: who holds one can sign any URL. */
export function SigningFields({ draft, onChange, isReadOnly }: FieldsProps) {
  const { project } = useProject()
  const { signedUrls } = draft.delivery
  const set = (part: Partial<typeof signedUrls>): void =>
    onChange({ delivery: { ...draft.delivery, signedUrls: { ...signedUrls, ...part } } })
  const isNew = signedUrls.required && !project.delivery.signedUrls.required
  return (
    <>
      <Switch
        isSelected={signedUrls.required}
        onChange={(required) => set({ required })}
        isReadOnly={isReadOnly}
      >
        Refuse URLs without a valid signature
      </Switch>
      {isNew ? (
        <Notice tone="caution" title="Every unsigned URL of this project stops working." announce>
          <p>Also those in pages that are published, and pictures that caches hold already.</p>
        </Notice>
      ) : null}
      {isReadOnly ? null : (
        <>
          <Keys keys={signedUrls.keys} onChange={(keys) => set({ keys: [...keys] })} />
          <SignUrl keys={project.delivery.signedUrls.keys} />
        </>
      )}
    </>
  )
}

interface KeysProps {
  readonly keys: readonly SigningKey[]
  readonly onChange: (keys: readonly SigningKey[]) => void
}

function Keys({ keys, onChange }: KeysProps) {
  return (
    <>
      {keys.length === 0 ? null : (
        <DataTable
          label="Keys of signed URLs"
          rows={keys}
          rowKey={({ id }) => id}
          columns={[
            { name: 'Key', narrow: true, cell: ({ id }) => <strong>{id}</strong> },
            { name: 'Secret', cell: (key) => <Secret signingKey={key} /> },
            {
              name: 'Actions',
              unnamed: true,
              narrow: true,
              cell: ({ id }) => (
                <ActionButton
                  size="S"
                  aria-label={`Remove key ${id}`}
                  onPress={() => onChange(keys.filter((key) => key.id !== id))}
                >
                  Remove
                </ActionButton>
              ),
            },
          ]}
        />
      )}
      <AddKey keys={keys} onAdd={(key) => onChange([...keys, key])} />
    </>
  )
}

function Secret({ signingKey: { id, secret } }: { readonly signingKey: SigningKey }) {
  const [shown, setShown] = useState(false)
  return (
    <span className={styles['secret']}>
      <code>{shown ? secret : '••••••••••••'}</code>
      <ActionButton
        size="S"
        isQuiet
        aria-label={`${shown ? 'Hide' : 'Show'} the secret of ${id}`}
        onPress={() => setShown(!shown)}
      >
        {shown ? 'Hide' : 'Show'}
      </ActionButton>
      <CopyButton text={secret} what={`secret of ${id}`} />
    </span>
  )
}

interface AddKeyProps {
  readonly keys: readonly SigningKey[]
  readonly onAdd: (key: SigningKey) => void
}

/** Its secret is made here: 256 bits, as long as what HMAC-SHA-256 makes of it (RFC 2104, section 3). */
function AddKey({ keys, onAdd }: AddKeyProps) {
  const [id, setId] = useState('')
  const name = id.trim()
  const add = (): void => {
    onAdd({ id: name, secret: browser.id() + browser.id() })
    setId('')
  }
  return (
    <div className={styles['add']}>
      <WideText
        label="New key"
        description="Its name stands in signed URLs. Keep the old key until no URL signed with it is in use."
        value={id}
        onChange={setId}
        autoComplete="off"
      />
      <ReasonedButton variant="secondary" reason={wrongId(name, keys)} onPress={add}>
        Add key
      </ReasonedButton>
    </div>
  )
}

function wrongId(id: string, keys: readonly SigningKey[]): string | null {
  if (id === '') return 'It has no name yet.'
  if (!KEY_ID.test(id)) return 'Letters, digits, dots, dashes and underscores only.'
  return keys.some((key) => key.id === id) ? 'There is a key of that name.' : null
}
