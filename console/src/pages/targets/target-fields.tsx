import { WideNumber, WideText } from '../../parts/wide-fields.tsx'
import type { TargetDraft } from './target-draft.ts'
import styles from './targets.module.css'

interface FieldsProps {
  readonly draft: TargetDraft
  readonly onChange: (change: Partial<TargetDraft>) => void
}

/** Which answers count, and how fast it is asked. */
export function PaceFields({ draft, onChange }: FieldsProps) {
  return (
    <details className={styles['details']}>
      <summary>Answers and pace</summary>
      <div className={styles['grid']}>
        <WideText
          label="Statuses that mean success"
          value={draft.statuses}
          onChange={(statuses) => onChange({ statuses })}
        />
        <WideText
          label="The answer must hold"
          description="Literally. Empty: anything."
          value={draft.bodyHolds}
          onChange={(bodyHolds) => onChange({ bodyHolds })}
        />
        <WideNumber
          label="Time limit of a request, seconds"
          minValue={0.1}
          maxValue={300}
          value={draft.timeoutSeconds}
          onChange={(timeoutSeconds) => onChange({ timeoutSeconds })}
        />
        <WideNumber
          label="Requests at one time"
          minValue={1}
          maxValue={64}
          value={draft.concurrency}
          onChange={(concurrency) => onChange({ concurrency })}
        />
        <WideNumber
          label="Requests per second"
          description="As its operator allows. Empty: no limit."
          minValue={0.01}
          value={draft.requestsPerSecond}
          onChange={(requestsPerSecond) => onChange({ requestsPerSecond })}
        />
      </div>
    </details>
  )
}

/** How it is seen whether the purge took effect. */
export function LookFields({ draft, onChange }: FieldsProps) {
  return (
    <fieldset className={styles['group']}>
      <legend>Looking at what it shows</legend>
      <div className={styles['grid']}>
        <WideText
          label="Verify address"
          description="Where public URLs are asked for through it, for instance http://10.0.0.5:6081. Empty: it cannot be checked, and Done says unverifiable."
          value={draft.verifyAddress}
          onChange={(verifyAddress) => onChange({ verifyAddress })}
        />
        <WideNumber
          label="Longest fetch, seconds"
          description="Within this time it finishes what it began to fetch; then it is purged once more. 0: it is not."
          minValue={0}
          value={draft.fillBoundSeconds}
          onChange={(fillBoundSeconds) => onChange({ fillBoundSeconds })}
        />
      </div>
    </fieldset>
  )
}

/** How edges know its requests from those of visitors. */
export function AskerFields({ draft, onChange }: FieldsProps) {
  return (
    <fieldset className={styles['group']}>
      <legend>How edges know it</legend>
      <div className={styles['grid']}>
        <WideText
          label="Addresses that it asks from"
          description="Addresses and networks, separated by commas: 10.0.0.0/8, 192.0.2.7."
          value={draft.askerAddresses}
          onChange={(askerAddresses) => onChange({ askerAddresses })}
        />
        <WideText
          label="Header that it adds"
          description="For instance via, or via: 1.1 varnish."
          value={draft.askerHeader}
          onChange={(askerHeader) => onChange({ askerHeader })}
        />
        <WideText
          label="Response header for its tags"
          description="For purges by {tag}: xkey, Cache-Tag, Surrogate-Key. Empty: none."
          value={draft.tagHeader}
          onChange={(tagHeader) => onChange({ tagHeader })}
        />
      </div>
    </fieldset>
  )
}
