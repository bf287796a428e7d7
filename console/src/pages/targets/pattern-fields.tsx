import { WideArea, WideText } from '../../parts/wide-fields.tsx'
import type { PatternDraft } from './target-draft.ts'
import styles from './targets.module.css'

interface PatternFieldsProps {
  readonly title: string
  readonly pattern: PatternDraft
  readonly example: string
  readonly onChange: (pattern: PatternDraft) => void
}

/** One request, with placeholders for what is purged. */
export function PatternFields({ title, pattern, example, onChange }: PatternFieldsProps) {
  const change = (part: Partial<PatternDraft>): void => onChange({ ...pattern, ...part })
  return (
    <fieldset className={styles['group']}>
      <legend>{title}</legend>
      <div className={styles['request']}>
        <WideText
          label="Method"
          value={pattern.method}
          onChange={(method) => change({ method })}
          spellCheck="false"
        />
        <WideText
          label="Address"
          description={`For instance ${example}. {url} {scheme} {host} {path} {query} {target} {tag} stand for what is purged; {url|encoded} and {url|json} quote it.`}
          value={pattern.url}
          onChange={(url) => change({ url })}
          spellCheck="false"
        />
      </div>
      <div className={styles['grid']}>
        <WideArea
          label="Headers"
          description="One per line: name: value. Keys and passwords belong among the secret headers."
          value={pattern.headers}
          onChange={(headers) => change({ headers })}
          spellCheck="false"
        />
        <WideArea
          label="Body"
          description="Empty: none."
          value={pattern.body}
          onChange={(body) => change({ body })}
          spellCheck="false"
        />
      </div>
    </fieldset>
  )
}
