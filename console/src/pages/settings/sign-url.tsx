import { Picker, PickerItem } from '@react-spectrum/s2'
import { useState } from 'react'
import type { SigningKey } from '../../../../src/contract/delivery-settings.ts'
import { signTarget } from '../../../../src/contract/signed-url.ts'
import { browser } from '../../browser.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { WideNumber, WideText } from '../../parts/wide-fields.tsx'
import { useProjectId } from '../../use-project.ts'
import { localTime } from '../../words.ts'
import styles from './settings.module.css'

const HOUR_SECONDS = 3600
/** A day: long enough to try it. */
const HOURS = 24

/** Signs one URL by hand: to try a key, or to compare with what a program of one's own signs. `keys`: those that are saved. */
export function SignUrl({ keys }: { readonly keys: readonly SigningKey[] }) {
  const [url, setUrl] = useState('')
  const [hours, setHours] = useState(HOURS)
  const [keyId, setKeyId] = useState('')
  const [now] = useState(() => browser.nowMs())
  const key = keys.find(({ id }) => id === keyId) ?? keys[0]
  if (key === undefined) return null
  const expiresAt = Math.floor(now / 1000 + (Number.isNaN(hours) ? HOURS : hours) * HOUR_SECONDS)
  return (
    <details className={styles['details']}>
      <summary>Sign a URL by hand</summary>
      <div className={styles['grid']}>
        <WideText
          label="URL"
          description="A delivery URL of this project, with everything behind the ?."
          value={url}
          onChange={setUrl}
          spellCheck="false"
        />
        <WideNumber
          label="Valid for, hours"
          minValue={0.1}
          description={`Until ${localTime(expiresAt * 1000)}.`}
          value={hours}
          onChange={setHours}
        />
        <Picker
          label="With the key"
          selectedKey={key.id}
          onSelectionChange={(id) => setKeyId(String(id))}
          items={keys.map(({ id }) => ({ id }))}
          UNSAFE_style={{ width: '100%' }}
        >
          {({ id }) => <PickerItem id={id}>{id}</PickerItem>}
        </Picker>
      </div>
      <Signed url={url.trim()} signingKey={key} expiresAt={expiresAt} />
    </details>
  )
}

interface SignedProps {
  readonly url: string
  readonly signingKey: SigningKey
  readonly expiresAt: number
}

function Signed({ url, signingKey, expiresAt }: SignedProps) {
  const project = useProjectId()
  if (url === '') return null
  const place = /^(https?:\/\/[^/?#]+)?(\/[^#]*)$/.exec(url)
  if (place === null) return <p className={styles['error']}>Write it with http:// or https://.</p>
  const [, server = '', target = ''] = place
  const signed = server + signTarget(target, project, signingKey, expiresAt)
  return (
    <p className={styles['signed']}>
      <code>{signed}</code>
      <CopyButton text={signed} what="Signed URL" />
    </p>
  )
}
