import { keyText } from '../contract/keys.ts'
import type { InvalidationRow, ProjectRow, Tables } from '../store/store.ts'
import type { PlaceToLook } from '../targets/target.ts'
import { checkOriginal, commaForms, splitOriginals } from './originals.ts'
import { checkServedUrl, deliveryNames } from './url-check.ts'

/** Enough to show that it worked; more would only cost time (freshness rules, "Evidence": at most 20 URLs). */
const PLACES_MAX = 20

/** What to look at in the caches: what was served of the selected assets and originals, newest first, then the URLs of the list. */
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
  for (const place of [...(await served(tables, row, subjectsOf(project, row))), ...listed]) {
    if (!places.has(place.target) && places.size < PLACES_MAX) places.set(place.target, place)
  }
  return [...places.values()]
}

/** Key texts of what is selected by name. */
function subjectsOf(project: ProjectRow, { selection }: InvalidationRow): readonly string[] {
  const known = deliveryNames(project, [])
  const originals = splitOriginals(selection.originals).slice(0, PLACES_MAX)
  const named = originals.flatMap(({ text }) => {
    const checked = checkOriginal(text, known, project.origins)
    if (!checked.ok) return []
    return checked.kind === 'asset'
      ? [keyText.asset(project.id, checked.asset)]
      : commaForms(checked.original).map((original) => keyText.original(project.id, original))
  })
  const assets = selection.assets.slice(0, PLACES_MAX)
  return [...new Set([...assets.map((id) => keyText.asset(project.id, id)), ...named])]
}

async function served(
  tables: Tables,
  row: InvalidationRow,
  subjects: readonly string[],
): Promise<readonly PlaceToLook[]> {
  const found: PlaceToLook[] = []
  const limit = Math.ceil(PLACES_MAX / Math.max(1, subjects.length))
  for (const subject of subjects) {
    const page = await tables.served.list(row.project, subject, { limit })
    found.push(...page.items.map(({ url, target }) => ({ url, target })))
  }
  return found
}
