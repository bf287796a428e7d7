import { ComboBox, ComboBoxItem } from '@react-spectrum/s2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Asset } from '../../../src/contract/api/assets.ts'
import { queries } from '../queries.ts'
import { useProjectId } from '../use-project.ts'

/** Found by typing; nobody reads on in a longer list. */
const OFFERED_MAX = 25

export interface Sample {
  /** The one that was chosen, else the first there is. */
  readonly asset: Asset | undefined
  /** False until the library has answered. */
  readonly isKnown: boolean
  readonly typed: string
  readonly offered: readonly Asset[]
  readonly onTyped: (typed: string) => void
  readonly onChosen: (id: string) => void
}

interface SampleWish {
  readonly kind?: Asset['kind']
  readonly published?: boolean
}

/** An asset to try something on. */
export function useSample({ kind, published }: SampleWish): Sample {
  const project = useProjectId()
  const wish = {
    ...(kind === undefined ? {} : { kind }),
    ...(published === undefined ? {} : { published: String(published) }),
    limit: OFFERED_MAX,
  }
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState<Asset | undefined>()
  // What was chosen stands in the field: it is no search.
  const q = typed === chosen?.id ? '' : typed
  const first = useQuery(queries.assets(project, wish))
  const found = useQuery(queries.assets(project, { ...wish, q }))
  const offered = found.data?.items ?? []
  return {
    asset: chosen ?? first.data?.items[0],
    isKnown: first.data !== undefined,
    typed,
    offered,
    onTyped: setTyped,
    onChosen: (id) => setChosen(offered.find((asset) => asset.id === id)),
  }
}

interface SampleFieldProps {
  readonly sample: Sample
  readonly label: string
}

export function SampleField({ sample, label }: SampleFieldProps) {
  return (
    <ComboBox
      label={label}
      menuTrigger="focus"
      items={sample.offered.map(({ id }) => ({ id }))}
      inputValue={sample.typed}
      onInputChange={sample.onTyped}
      onSelectionChange={(key) => key !== null && sample.onChosen(String(key))}
      placeholder={sample.asset?.id ?? (sample.isKnown ? 'There is no asset yet' : '')}
    >
      {(item) => <ComboBoxItem id={item.id}>{item.id}</ComboBoxItem>}
    </ComboBox>
  )
}
