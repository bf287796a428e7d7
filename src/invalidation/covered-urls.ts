import { markSubject } from '../contract/cloudimage-watermark.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { parseCanonicalTarget } from '../contract/parse-delivery-url.ts'
import { answerKeyTexts } from '../contract/url-inputs.ts'
import type { ProjectInputs } from '../contract/url-inputs.ts'
import type { Timers } from '../kernel/timers.ts'
import type { InvalidationRow, Page, PageRequest, Tables } from '../store/store.ts'
import type { PlaceToProbe } from '../targets/target.ts'
import { checkServedUrl, deliveryNames, projectInputs } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Rows read at a time; between two of these others get their turn. */
const PIECE = 500

type Pieces = AsyncIterable<readonly PlaceToProbe[]>

/**
 * Every URL that an invalidation is about, for caches that know nothing but URLs: what is known to have been served and bears one of
 * its keys, newest sighting first, then its own list. Read anew at each call, because visitors go on asking meanwhile.
 */
export async function* coveredUrls(
  parts: { readonly tables: Tables; readonly timers: Timers },
  row: InvalidationRow,
): Pieces {
  const { tables, timers } = parts
  const project = await tables.projects.get(row.project)
  if (!project) return
  const known = deliveryNames(project, [])
  const keys = new Set<string>(row.keys)
  const everything = keys.has(keyHash(keyText.project(row.project)))
  const inputs = projectInputs(project)
  for await (const subjects of subjectsOf(parts, row, known, inputs)) {
    for (const subject of subjects) {
      const whole = everything || keys.has(keyHash(subject))
      const list = (page: PageRequest) => tables.served.list(row.project, subject, page)
      const times = await tables.served.times(row.project, subject)
      for await (const places of pages(list)) {
        const covered = whole ? places : places.filter(({ target }) => bears(target, keys, inputs))
        yield covered.map(({ url, target }) => ({ url, target, times: times.get(url) ?? 1 }))
        await timers.sleep(0)
      }
    }
  }
  yield* listedUrls(tables, row, known)
}

async function* listedUrls(tables: Tables, row: InvalidationRow, known: DeliveryNames): Pieces {
  const list = (page: PageRequest) => tables.invalidations.urls(row.project, row.id, page)
  for await (const urls of pages(list)) {
    // A folder, or everything, is listed for people as one line that is no URL.
    yield urls
      .filter((url) => !url.endsWith('/*'))
      .map((url) => {
        const checked = checkServedUrl(url, known)
        return { url, target: checked.ok ? checked.url.target : null }
      })
  }
}

/** May an answer to this canonical target bear one of the keys? */
function bears(target: string | null, keys: ReadonlySet<string>, inputs: ProjectInputs): boolean {
  const parsed = target === null ? null : parseCanonicalTarget(target)
  if (parsed?.ok !== true) return false
  return answerKeyTexts(parsed.url, inputs).some((text) => keys.has(keyHash(text)))
}

/** Whoever names more than this is about most of a project anyway. */
const NAMED_MAX = 10_000

/** Only whoever names assets and URLs alone is known to be about these subjects; else all are looked through. */
async function* subjectsOf(
  { tables, timers }: { readonly tables: Tables; readonly timers: Timers },
  row: InvalidationRow,
  known: DeliveryNames,
  inputs: ProjectInputs,
): AsyncIterable<readonly string[]> {
  const { assets, folders, originals, everything } = row.selection
  const narrow = row.source !== 'automatic' && !everything
  if (!narrow || folders.length > 0 || originals.length > 0) {
    yield* allSubjects(tables, row)
    return
  }
  const named = new Set(assets.map((id) => keyText.asset(row.project, id)))
  const list = (page: PageRequest) => tables.invalidations.urls(row.project, row.id, page)
  for await (const urls of pages(list)) {
    for (const url of urls) {
      const checked = checkServedUrl(url, known)
      if (checked.ok) named.add(subjectText(row.project, checked.url.subject))
    }
    if (named.size > NAMED_MAX) return yield* allSubjects(tables, row)
    await timers.sleep(0)
  }
  if (standsIn(row.project, named, inputs)) return yield* allSubjects(tables, row)
  yield [...named]
  // Each may be a watermark; what bears it is told apart by whoever reads these.
  yield* pages((page) => tables.served.marked(row.project, page))
}

/** Is one of them shown where originals are missing? Which are, nobody here knows. */
function standsIn(
  project: string,
  named: ReadonlySet<string>,
  { delivery }: ProjectInputs,
): boolean {
  const { missingImage } = delivery
  const subject = missingImage === null ? null : markSubject(missingImage)
  return subject !== null && named.has(subjectText(project, subject))
}

function allSubjects(tables: Tables, { project }: InvalidationRow) {
  return pages((page) => tables.served.subjects(project, page))
}

type Subject = Extract<ReturnType<typeof checkServedUrl>, { ok: true }>['url']['subject']

function subjectText(project: string, subject: Subject): string {
  return subject.kind === 'original'
    ? keyText.original(project, subject.original)
    : keyText.asset(project, subject.asset)
}

async function* pages<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
): AsyncIterable<readonly T[]> {
  let cursor: string | null = null
  do {
    const page: Page<T> = await list({ limit: PIECE, ...(cursor === null ? {} : { cursor }) })
    yield page.items
    cursor = page.nextCursor
  } while (cursor !== null)
}

/** Enough for a target to choose its 20 from, spread over hosts. */
const PROBES_MAX = 500
/** Looked through for those that were served most. */
const LOOKED_THROUGH_MAX = 10_000

/** What outer targets may look at, most served first. */
export async function placesToProbe(
  parts: { readonly tables: Tables; readonly timers: Timers },
  row: InvalidationRow,
): Promise<readonly PlaceToProbe[]> {
  const places = new Map<string, PlaceToProbe>()
  for await (const piece of coveredUrls(parts, row)) {
    for (const place of piece) {
      if (place.target !== null && !places.has(place.url)) places.set(place.url, place)
    }
    if (places.size >= LOOKED_THROUGH_MAX) break
  }
  const mostFirst = [...places.values()].sort((a, b) => (b.times ?? 0) - (a.times ?? 0))
  return mostFirst.slice(0, PROBES_MAX)
}
