import { keyText } from '../contract/keys.ts'
import type { InvalidationRow, Tables } from '../store/store.ts'
import { checkServedUrl, deliveryNames } from './url-check.ts'

/** Enough to show that it worked; more would only cost time (freshness rules, "Evidence": at most 20 URLs). */
const PEEK_TARGETS_MAX = 20

/** What to look at in the caches: the URLs of the list, then what was served of the selected assets, newest first. */
export async function peekTargets(
  tables: Tables,
  row: InvalidationRow,
): Promise<readonly string[]> {
  const project = await tables.projects.get(row.project)
  if (!project) return []
  const known = deliveryNames(project, [])
  const { items } = await tables.invalidations.urls(row.project, row.id, {
    limit: PEEK_TARGETS_MAX,
  })
  const listed = items.flatMap((text) => {
    const checked = checkServedUrl(text, known)
    return checked.ok ? [checked.url.target] : []
  })
  const served: string[] = []
  for (const id of row.selection.assets.slice(0, PEEK_TARGETS_MAX)) {
    const limit = Math.ceil(PEEK_TARGETS_MAX / row.selection.assets.length)
    const page = await tables.served.list(row.project, keyText.asset(row.project, id), { limit })
    served.push(...page.items.map((each) => each.target))
  }
  return [...new Set([...served, ...listed])].slice(0, PEEK_TARGETS_MAX)
}
