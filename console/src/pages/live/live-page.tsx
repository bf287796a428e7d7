import { ComboBox, ComboBoxItem, Picker, PickerItem, TextField } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { urlsOf } from '../../asset-names.ts'
import { Empty } from '../../parts/empty.tsx'
import { Page, Section } from '../../parts/page.tsx'
import { queries } from '../../queries.ts'
import { useAddressState, useProject } from '../../use-project.ts'
import { useSettled } from '../invalidation/use-preview.ts'
import { LiveCopies } from './live-copies.tsx'
import styles from './live.module.css'

/** One picture as each edge serves it now. */
export function LivePage() {
  const [url] = useAddressState('url')
  const [asset] = useAddressState('asset')
  return (
    <Page
      title="Live view"
      intro="One picture as each edge serves it now: those very bytes. Looking changes nothing, because edges are asked only for what they hold."
    >
      <Section title="Which picture">
        <Chooser />
      </Section>
      <Shown asset={asset} url={url} />
    </Page>
  )
}

function Shown({ asset, url }: { readonly asset: string; readonly url: string }) {
  const here = useProject()
  const [preset] = useAddressState('preset')
  const one = useQuery({ ...queries.asset(here.id, asset), enabled: asset !== '' && url === '' })
  const presets = useQuery(queries.presets(here.id))
  if (url !== '') return <LiveCopies url={url} />
  if (asset === '') {
    return (
      <Empty title="Choose a picture.">
        <p>
          Then each edge shows the copy that it holds, with its age and whether it is fresh or
          stale.
        </p>
      </Empty>
    )
  }
  if (one.error !== null) return <Empty title={`There is no asset ${asset}.`} />
  if (one.data === undefined || presets.data === undefined) return null
  const urls = urlsOf(one.data, presets.data.items)
  const chosen = urls.find(({ name }) => name === preset) ?? urls[0]
  if (chosen === undefined) {
    return (
      <Empty title="No publish server is set.">
        <p>Without one the URL of this asset is not known. Enter a full URL above.</p>
      </Empty>
    )
  }
  return <LiveCopies url={chosen.url} />
}

function Chooser() {
  const here = useProject()
  const [asset, setAsset] = useAddressState('asset')
  const [typed, setTyped] = useState(asset)
  const q = useSettled(typed)
  const found = useQuery(queries.assets(here.id, { q: q === asset ? '' : q, limit: 50 }))
  return (
    <div className={styles['chooser']}>
      <ComboBox
        label="Asset"
        inputValue={typed}
        onInputChange={setTyped}
        selectedKey={asset === '' ? null : asset}
        onSelectionChange={(key) => {
          if (key === null) return
          setAsset(String(key))
          setTyped(String(key))
        }}
        items={found.data?.items ?? []}
        menuTrigger="focus"
      >
        {(item) => <ComboBoxItem id={item.id}>{item.id}</ComboBoxItem>}
      </ComboBox>
      <PresetPicker />
      <UrlField />
    </div>
  )
}

function PresetPicker() {
  const here = useProject()
  const [preset, setPreset] = useAddressState('preset')
  const { data } = useQuery(queries.presets(here.id))
  const items = [{ name: 'No preset' }, ...(data?.items ?? [])]
  return (
    <Picker
      label="Image preset"
      selectedKey={preset === '' ? 'No preset' : preset}
      onSelectionChange={(key) => setPreset(key === 'No preset' ? '' : String(key))}
      items={items}
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
        description="Press Enter to look. Empty: the asset above."
        value={typed}
        onChange={setTyped}
        onBlur={() => setUrl(typed.trim())}
        UNSAFE_style={{ width: '100%' }}
      />
    </form>
  )
}
