import { Button, TextField } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { TargetTested } from '../../../../src/contract/api/targets.ts'
import { api } from '../../api.ts'
import { Notice } from '../../parts/notice.tsx'
import { Row, Section } from '../../parts/page.tsx'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { useProject } from '../../use-project.ts'
import { exactDuration } from '../../words.ts'

interface TargetTestProps {
  readonly id: string
  readonly onClose: () => void
}

/** One purge request and one look through the target, told in words. */
export function TargetTest({ id, onClose }: TargetTestProps) {
  const here = useProject()
  const [url, setUrl] = useState('')
  const test = useMutation({ mutationFn: () => api.tryTarget(here.id, id, url.trim()) })
  return (
    <Section
      title={`Test ${id}`}
      intro="Sends one purge request, and looks once through it where that is possible. Nothing else changes."
    >
      <TextField
        label="URL to purge"
        description="A URL of this project that it may forget. Empty: one that names nothing."
        value={url}
        onChange={setUrl}
        autoFocus
        UNSAFE_style={{ width: '100%' }}
      />
      <Row>
        <Button variant="secondary" onPress={onClose}>
          Close
        </Button>
        <Button variant="accent" isPending={test.isPending} onPress={() => test.mutate()}>
          Test now
        </Button>
      </Row>
      <ProblemAlert error={test.error} title="It was not tested." />
      {test.data === undefined ? null : <Verdict tested={test.data} />}
    </Section>
  )
}

const VERDICTS = {
  fresh: 'fresh: what it shows is newer than the purge',
  stale: 'stale: it still shows what was purged',
  unverifiable: 'unverifiable: what it shows does not tell how new it is',
} as const

function Verdict({ tested: { ok, url, purge, look } }: { readonly tested: TargetTested }) {
  return (
    <Notice
      tone={ok ? (look === null ? 'caution' : 'good') : 'bad'}
      title={
        ok
          ? look === null
            ? 'It takes purges, but cannot be looked at.'
            : 'It works.'
          : 'It does not work yet.'
      }
      announce
    >
      <p>
        Purge of <code>{url}</code>: {purge.detail} ({exactDuration(purge.milliseconds)})
      </p>
      {look === null ? (
        !purge.ok ? null : (
          <p>
            No verify address is set, so invalidations end in Done with the word unverifiable for
            it.
          </p>
        )
      ) : (
        <p>
          Look: {VERDICTS[look.verdict]}
          {look.detail === null ? '' : `. ${look.detail}`} ({exactDuration(look.milliseconds)})
        </p>
      )}
    </Notice>
  )
}
