import { keyText } from '../contract/keys.ts'
import type { InvalidationRow, Tables } from '../store/store.ts'
import type { PlaceToLook } from '../targets/target.ts'
import { checkServedUrl, deliveryNames } from './url-check.ts'

/** Enough to show that it worked; more would only cost time (freshness rules, "Evidence": at most 20 URLs). */
const PLACES_MAX = 20

/** What to look at in the caches: what was served of the selected assets, newest first, then the URLs of the list. */
export async function placesToLook(
  tables: Tables,
  row: InvalidationRow,
): Promise<readonly PlaceToLook[]> {
  const project = await tables.projects.get(row.project)
  if (!project) return []
  const known = deliveryNames(project, [])
  const page = { limit: PLACES_MAX }
  const { items } = await tables.invalidations.urls(row.project, row.id, page)
  const listed = items.flatMap((url) => {
    const checked = checkServedUrl(url, known)
    return checked.ok ? [{ url, target: checked.url.target }] : []
  })
  const places = new Map<string, PlaceToLook>()
  for (const place of [...(await served(tables, row)), ...listed]) {
    if (!places.has(place.target) && places.size < PLACES_MAX) places.set(place.target, place)
  }
  return [...places.values()]
}

async function served(tables: Tables, row: InvalidationRow): Promise<readonly PlaceToLook[]> {
  const { assets } = row.selection
  const found: PlaceToLook[] = []
  for (const id of assets.slice(0, PLACES_MAX)) {
    const limit = Math.ceil(PLACES_MAX / assets.length)
    const page = await tables.served.list(row.project, keyText.asset(row.project, id), { limit })
    found.push(...page.items.map(({ url, target }) => ({ url, target })))
  }
  return found
}
