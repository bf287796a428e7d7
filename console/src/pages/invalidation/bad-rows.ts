import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { originalsOf } from './draft.ts'
import type { Draft } from './draft.ts'

/** Rows that make the server refuse the whole list. Warnings are no reason to take anything out. */
export function badRows({ refusal, problems }: Preview): Preview['problems'] {
  if (refusal === null) return []
  return problems.filter(
    ({ url, item, pointer }) =>
      url !== undefined || (item !== undefined && /^\/(assets|originals)\//.test(pointer ?? '')),
  )
}

/** The draft without them. */
export function withoutBad(draft: Draft, preview: Preview): Partial<Draft> {
  const bad = badRows(preview)
  const urls = bad.flatMap(({ url }) => url ?? [])
  const items = new Set(bad.flatMap(({ item }) => item ?? []))
  return {
    exclude: [...new Set([...draft.exclude, ...urls])],
    assets: draft.assets.filter((id) => !items.has(id)),
    ...(items.size === 0
      ? {}
      : {
          originals: originalsOf(draft.originals)
            .filter((text) => !items.has(text))
            .join('\n'),
        }),
  }
}
