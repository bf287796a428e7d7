import { TextArea, TextField } from '@react-spectrum/s2'
import type { PatternDraft } from './target-draft.ts'
import styles from './targets.module.css'

interface PatternFieldsProps {
  readonly title: string
  readonly pattern: PatternDraft
  readonly onChange: (pattern: PatternDraft) => void
}

const WIDE = { width: '100%' } as const

/** One request, with placeholders for what is purged. */
export function PatternFields({ title, pattern, onChange }: PatternFieldsProps) {
  const change = (part: Partial<PatternDraft>): void => onChange({ ...pattern, ...part })
  return (
    <fieldset className={styles['group']}>
      <legend>{title}</legend>
      <div className={styles['request']}>
        <TextField
          label="Method"
          value={pattern.method}
          onChange={(method) => change({ method })}
          UNSAFE_style={WIDE}
        />
        <TextField
          label="Address"
          description="For instance http://10.0.0.5:6081{target}. {url} {scheme} {host} {path} {query} {target} {tag} stand for what is purged; {url|encoded} and {url|json} quote it."
          value={pattern.url}
          onChange={(url) => change({ url })}
          spellCheck="false"
          UNSAFE_style={WIDE}
        />
      </div>
      <div className={styles['grid']}>
        <TextArea
          label="Headers"
          description="One per line: name: value. Keys and passwords belong among the secret headers."
          value={pattern.headers}
          onChange={(headers) => change({ headers })}
          spellCheck="false"
          UNSAFE_style={WIDE}
        />
        <TextArea
          label="Body"
          description="Empty: none."
          value={pattern.body}
          onChange={(body) => change({ body })}
          spellCheck="false"
          UNSAFE_style={WIDE}
        />
      </div>
    </fieldset>
  )
}
