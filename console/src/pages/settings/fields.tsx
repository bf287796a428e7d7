import { Switch } from '@react-spectrum/s2'
import { WideArea, WideNumber, WideText } from '../../parts/wide-fields.tsx'
import { lifetime } from '../../words.ts'
import type { FieldsProps } from './settings-page.tsx'
import styles from './settings.module.css'

export function AddressFields({ draft, onChange, isReadOnly }: FieldsProps) {
  return (
    <div className={styles['grid']}>
      <WideText
        label="Publish server"
        description="Where visitors fetch pictures, for instance https://images.example.com. Formed URLs begin with it."
        value={draft.publishServer}
        onChange={(publishServer) => onChange({ publishServer })}
        isReadOnly={isReadOnly}
      />
      <WideText
        label="Company"
        description="The company name in Dynamic Media URLs: /is/image/<company>/…"
        value={draft.company}
        onChange={(company) => onChange({ company })}
        isReadOnly={isReadOnly}
      />
      <WideArea
        label="Company aliases"
        description="Other company names that mean this project, one per line."
        value={draft.aliases}
        onChange={(aliases) => onChange({ aliases })}
        isReadOnly={isReadOnly}
      />
      <WideArea
        label="Tokens"
        description="Public names of this project in Cloudimage URLs, one per line."
        value={draft.tokens}
        onChange={(tokens) => onChange({ tokens })}
        isReadOnly={isReadOnly}
      />
      <WideArea
        label="Hosts"
        description="Hostnames of your own that lead to the edges, one per line."
        value={draft.hosts}
        onChange={(hosts) => onChange({ hosts })}
        isReadOnly={isReadOnly}
      />
    </div>
  )
}

export function AutomaticField({ draft, onChange, isReadOnly }: FieldsProps) {
  return (
    <>
      <Switch
        isSelected={draft.automaticInvalidation}
        onChange={(automaticInvalidation) => onChange({ automaticInvalidation })}
        isReadOnly={isReadOnly}
      >
        Invalidate by itself when an asset changes
      </Switch>
      <p className={styles['quiet']}>
        On: a new version, publishing, or a change of a crop or preset is invalidated at once, and
        many changes together make one invalidation. Off: the edges keep the old one until somebody
        invalidates it or its lifetime ends. What is unpublished, deleted or moved away goes at once
        either way. The demo starts with it off, so that you can see the difference.
      </p>
    </>
  )
}

interface NumberProps extends FieldsProps {
  readonly name:
    | 'cdnTtlSeconds'
    | 'browserTtlSeconds'
    | 'softSeconds'
    | 'maxUrlsPerInvalidation'
    | 'maxOriginalsPerInvalidation'
  readonly label: string
  readonly description: string
  readonly minValue: number
}

function NumberOf({
  name,
  label,
  description,
  minValue,
  draft,
  onChange,
  isReadOnly,
}: NumberProps) {
  return (
    <WideNumber
      label={label}
      description={description}
      minValue={minValue}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value })}
      isReadOnly={isReadOnly}
    />
  )
}

export function LifetimeFields(props: FieldsProps) {
  const { cdnTtlSeconds, browserTtlSeconds, softSeconds } = props.draft
  return (
    <div className={styles['grid']}>
      <NumberOf
        {...props}
        name="cdnTtlSeconds"
        minValue={0}
        label="In edges and CDNs, seconds"
        description={`Now ${readable(cdnTtlSeconds)}. It may be long: an invalidation ends it at once.`}
      />
      <NumberOf
        {...props}
        name="browserTtlSeconds"
        minValue={0}
        label="In visitors' browsers, seconds"
        description={`Now ${readable(browserTtlSeconds)}. No invalidation reaches a browser, so keep it short.`}
      />
      <NumberOf
        {...props}
        name="softSeconds"
        minValue={1}
        label="Grace of a soft invalidation, seconds"
        description={`Now ${readable(softSeconds)}. For so long an old copy may be shown while the new one is fetched.`}
      />
    </div>
  )
}

function readable(seconds: number): string {
  return Number.isNaN(seconds) ? 'empty' : lifetime(seconds)
}

export function LimitFields(props: FieldsProps) {
  const { draft, onChange, isReadOnly } = props
  return (
    <div className={styles['grid']}>
      <NumberOf
        {...props}
        name="maxUrlsPerInvalidation"
        minValue={1}
        label="URLs per invalidation"
        description="Counted after doubles are taken out. Dynamic Media allows 1000."
      />
      <NumberOf
        {...props}
        name="maxOriginalsPerInvalidation"
        minValue={1}
        label="Originals per invalidation"
        description="Cloudimage allows 10."
      />
      <WideText
        label="Support address"
        description="Shown with a failed invalidation: where people find help. https://… or mailto:…"
        value={draft.supportUrl}
        onChange={(supportUrl) => onChange({ supportUrl })}
        isReadOnly={isReadOnly}
      />
    </div>
  )
}
