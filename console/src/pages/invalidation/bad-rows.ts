import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { originalsOf } from './draft.ts'
import type { Draft } from './draft.ts'

type Problem = Preview['problems'][number]

/** What keeps the whole list from being submitted. */
export function errorsOf({ problems, warnings }: Preview): readonly Problem[] {
  const harmless = new Set(warnings.map(textOf))
  return problems.filter((problem) => !harmless.has(textOf(problem)))
}

function textOf({ pointer, url, item, reason }: Problem): string {
  return JSON.stringify([pointer, url, item, reason])
}

/** Rows that make the server refuse the whole list. Warnings are no reason to take anything out. */
export function badRows(preview: Preview): readonly Problem[] {
  if (preview.refusal === null) return []
  return errorsOf(preview).filter(
    ({ url, item, pointer }) =>
      url !== undefined || (item !== undefined && /^\/(assets|originals)\//.test(pointer ?? '')),
  )
}

/** What is wrong with each row, by its URL or its asset's id. */
export function reasonsOf(preview: Preview): ReadonlyMap<string, string> {
  return new Map(
    badRows(preview).flatMap(({ url, item, reason }): [string, string][] => {
      const place = url ?? item
      return place === undefined ? [] : [[place, reason]]
    }),
  )
}

/** What one should know of a chosen asset, by its id: it forms no URL, or is never delivered. */
export function notesOf({ warnings }: Preview): ReadonlyMap<string, string> {
  return new Map(
    warnings.flatMap(({ item, reason }): [string, string][] =>
      item === undefined ? [] : [[item, reason]],
    ),
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
