import { useQueries } from '@tanstack/react-query'
import type { RenditionList } from '../../../../src/contract/api/assets.ts'
import { queries } from '../../queries.ts'
import { useProjectId } from '../../use-project.ts'
import { assetOf, servedOf } from './served-paths.ts'
import type { Seen } from './served-paths.ts'

/** Assets whose served URLs are asked for: more would make the list slow, and nobody reads it row by row. */
const ASSETS_MAX = 24

/** Whether a URL was ever served, as far as edges have told; null where nothing is known. */
export function useServed(urls: readonly string[]): (url: string) => Seen | null {
  const project = useProjectId()
  const assets = [...new Set(urls.flatMap((url) => assetOf(url) ?? []))].slice(0, ASSETS_MAX)
  const answers = useQueries({
    queries: assets.map((id) => ({ ...queries.renditions(project, id) })),
  })
  const known = new Map<string, RenditionList>()
  for (const [at, { data }] of answers.entries()) {
    if (data !== undefined) known.set(assets[at]!, data)
  }
  return (url) => servedOf(url, known)
}
