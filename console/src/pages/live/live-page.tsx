import { ComboBox, ComboBoxItem, Picker, PickerItem, TextField } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { urlsOf } from '../../asset-names.ts'
import type { NamedUrl } from '../../asset-names.ts'
import { Empty } from '../../parts/empty.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { queries } from '../../queries.ts'
import { useAddressState, useProject, useSetAddress } from '../../use-project.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import { LiveCopies } from './live-copies.tsx'
import { likelyHeld, offeredUrls } from './live-urls.ts'
import styles from './live.module.css'

/** One picture as each edge serves it now. */
export function LivePage() {
  const offer = useOffer()
  return (
    <Page
      title="Live view"
      intro="One picture as each edge serves it now: those very bytes. Looking changes nothing, because edges are asked only for what they hold."
    >
      <Section title="Which picture">
        <div className={styles['chooser']}>
          <AssetChooser />
          <RenditionPicker offer={offer} />
          <UrlField />
        </div>
      </Section>
      <Shown offer={offer} />
    </Page>
  )
}

interface Offer {
  readonly asset: string
  readonly isUnknown: boolean
  /** Undefined while they are being loaded. */
  readonly urls: readonly NamedUrl[] | undefined
  readonly chosen: NamedUrl | undefined
  readonly choose: (name: string) => void
}

/** The URLs of the chosen asset. What is looked at is kept in the address, also when it was chosen for the person. */
function useOffer(): Offer {
  const here = useProject()
  const [asset] = useAddressState('asset')
  const [name, choose] = useAddressState('rendition')
  const enabled = asset !== ''
  const one = useQuery({ ...queries.asset(here.id, asset), enabled })
  const served = useQuery({ ...queries.renditions(here.id, asset), enabled })
  const presets = useQuery(queries.presets(here.id))
  const isReady = one.data !== undefined && presets.data !== undefined && served.data !== undefined
  const urls = isReady
    ? offeredUrls(urlsOf(one.data, presets.data.items), served.data.items)
    : undefined
  const likely = urls && likelyHeld(urls, served.data?.items ?? [])
  const chosen = urls?.find((url) => url.name === name) ?? likely
  useEffect(() => {
    if (name === '' && likely !== undefined) choose(likely.name)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each asset, not for each visitor.
  }, [asset, likely === undefined])
  return { asset, isUnknown: one.error !== null, urls, chosen, choose }
}

function Shown({ offer }: { readonly offer: Offer }) {
  const [url] = useAddressState('url')
  if (url !== '') return <LiveCopies url={url} />
  if (offer.asset === '') {
    return (
      <Empty title="Choose a picture.">
        <p>
          Then each edge shows the copy that it holds, with its age and whether it is fresh or
          stale.
        </p>
      </Empty>
    )
  }
  if (offer.isUnknown) return <Empty title={`There is no asset ${offer.asset}.`} />
  if (offer.urls === undefined) return null
  if (offer.chosen === undefined) {
    return (
      <Empty title="No publish server is set.">
        <p>Without one the URL of this asset is not known. Enter a full URL above.</p>
      </Empty>
    )
  }
  return <LiveCopies url={offer.chosen.url} />
}

function AssetChooser() {
  const here = useProject()
  const [asset] = useAddressState('asset')
  const setAddress = useSetAddress()
  const [typed, setTyped] = useState(asset)
  const q = useSettled(typed)
  const found = useQuery(queries.assets(here.id, { q: q === asset ? '' : q, limit: 50 }))
  return (
    <ComboBox
      label="Asset"
      inputValue={typed}
      onInputChange={setTyped}
      selectedKey={asset === '' ? null : asset}
      onSelectionChange={(key) => {
        if (key === null || key === asset) return
        setAddress({ asset: String(key) })
        setTyped(String(key))
      }}
      items={found.data?.items ?? []}
      menuTrigger="focus"
      UNSAFE_style={WIDE}
    >
      {(item) => <ComboBoxItem id={item.id}>{item.id}</ComboBoxItem>}
    </ComboBox>
  )
}

const WIDE = { width: '100%' } as const

function RenditionPicker({ offer }: { readonly offer: Offer }) {
  return (
    <Picker
      label="Rendition"
      isDisabled={offer.urls === undefined || offer.urls.length === 0}
      selectedKey={offer.chosen?.name ?? null}
      onSelectionChange={(key) => key !== null && offer.choose(String(key))}
      items={offer.urls ?? []}
      UNSAFE_style={WIDE}
    >
      {(item) => <PickerItem id={item.name}>{item.name}</PickerItem>}
    </Picker>
  )
}

/** Any URL of the project, in a visitor's spelling; it wins over the asset. */
function UrlField() {
  const [url, setUrl] = useAddressState('url')
  const [typed, setTyped] = useState(url)
  return (
    <form
      className={styles['url']}
      onSubmit={(event) => (event.preventDefault(), setUrl(typed.trim()))}
    >
      <TextField
        label="Or any URL of this project"
        description="Press Enter to look. Empty: the asset."
        value={typed}
        onChange={setTyped}
        onBlur={() => setUrl(typed.trim())}
        UNSAFE_style={WIDE}
      />
    </form>
  )
}
