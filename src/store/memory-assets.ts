import { assert } from '../kernel/assert.ts'
import { decodeCursor, toPage } from './cursor.ts'
import { ancestorFolders } from './invalidation-rows.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import { order } from './memory-log.ts'
import { pair } from './memory-state.ts'
import type { MemoryAccess, ServedRow } from './memory-state.ts'
import type { Page, PageRequest } from './page.ts'
import { mayBearMark, namesPreset } from './sql-served.ts'
import type { AssetFilter, AssetRow, AssetTable, ServedTable } from './store.ts'

export function memoryAssets(access: MemoryAccess): AssetTable {
  const ofProject = (project: string) =>
    [...access.read().assets.values()]
      .filter((row) => row.project === project)
      .sort((a, b) => order(a.id, b.id))
  const versionsOf = (project: string, id: string) =>
    access.read().versions.get(pair(project, id)) ?? []
  return {
    async get(project, id) {
      return access.read().assets.get(pair(project, id))
    },
    async getMany(project, ids) {
      const wanted = new Set(ids)
      return ofProject(project).filter((row) => wanted.has(row.id))
    },
    async list(project, filter, page) {
      const after = page.cursor === undefined ? null : decodeCursor(page.cursor, [''] as const)[0]
      const rows = ofProject(project)
        .filter((row) => (after === null || row.id > after) && assetPasses(row, filter))
        .slice(0, page.limit + 1)
      return toPage(
        rows,
        page.limit,
        (row) => row,
        (row) => [row.id],
      )
    },
    async folders(project, parent) {
      const counts = new Map<string, number>()
      for (const path of ofProject(project).flatMap((row) => ancestorFolders(row.id))) {
        const slash = path.lastIndexOf('/')
        const above = slash < 0 ? '' : path.slice(0, slash)
        if (above === parent && path !== '') counts.set(path, (counts.get(path) ?? 0) + 1)
      }
      return [...counts]
        .map(([path, assets]) => ({ path, assets }))
        .sort((a, b) => order(a.path, b.path))
    },
    all: async (project) => ofProject(project),
    async put(row) {
      access.own('assets').set(pair(row.project, row.id), row)
    },
    async remove(project, id) {
      access.own('assets').delete(pair(project, id))
    },
    async addVersion(project, id, version) {
      const known = versionsOf(project, id)
      assert(
        known.every((other) => other.version !== version.version),
        `version ${version.version} of ${id} is there already`,
      )
      const newestFirst = [...known, version].sort((a, b) => b.version - a.version)
      access.own('versions').set(pair(project, id), newestFirst)
    },
    versions: async (project, id) => versionsOf(project, id),
    async forgetVersions(project, id, keep) {
      access.own('versions').set(pair(project, id), versionsOf(project, id).slice(0, keep))
    },
    async neededBlobs(hashes) {
      const rows = [...access.read().assets.values()]
      const needed = new Set(
        rows.flatMap(({ project, id, hash }) => [
          hash,
          ...versionsOf(project, id).map((version) => version.hash),
        ]),
      )
      return hashes.filter((hash) => needed.has(hash))
    },
  }
}

function assetPasses(row: AssetRow, filter: AssetFilter): boolean {
  if (filter.kind !== undefined && row.kind !== filter.kind) return false
  if (filter.published !== undefined && row.published !== filter.published) return false
  if (filter.folder !== undefined && filter.folder !== '') {
    if (!row.id.startsWith(`${filter.folder}/`)) return false
  }
  return filter.q === undefined || row.id.toLowerCase().includes(filter.q.toLowerCase())
}

type OfSubject = (project: string, subject: string) => readonly ServedRow[]

function memorySightings(
  access: MemoryAccess,
  ofSubject: OfSubject,
): Pick<ServedTable, 'sightings' | 'urls' | 'anyBelow'> {
  return {
    async sightings(project, subjects, limit) {
      const rows = [...new Set(subjects)].sort(order).flatMap((subject) => {
        const newest = new Map<string, number>()
        for (const { target, lastSeenAt } of ofSubject(project, subject)) {
          newest.set(target, Math.max(lastSeenAt, newest.get(target) ?? 0))
        }
        return [...newest]
          .sort(([one], [other]) => order(one, other))
          .map(([target, lastSeenAt]) => ({ subject, target, lastSeenAt }))
      })
      return rows.slice(0, limit)
    },
    async urls(project, subjects, limit) {
      const rows = [...new Set(subjects)].sort(order).flatMap((subject) =>
        ofSubject(project, subject)
          .map(({ url }) => ({ subject, url }))
          .sort((one, other) => order(one.url, other.url)),
      )
      return rows.slice(0, limit)
    },
    async anyBelow(project, prefix) {
      const beginning = pair(project, prefix)
      return Array.from(access.read().served.keys()).some((key) => key.startsWith(beginning))
    },
  }
}

function memorySubjects(access: MemoryAccess): Pick<ServedTable, 'subjects' | 'marked'> {
  function inOrder(
    project: string,
    { limit, cursor }: PageRequest,
    wanted: (rows: readonly ServedRow[]) => boolean,
  ): Page<string> {
    const after = cursor === undefined ? '' : decodeCursor(cursor, [''] as const)[0]
    const prefix = pair(project, '')
    const subjects = [...access.read().served]
      .filter(([key, rows]) => key.startsWith(prefix) && wanted(rows))
      .map(([key]) => key.slice(prefix.length))
      .filter((subject) => subject > after)
    return toPage(
      subjects.sort(order).slice(0, limit + 1),
      limit,
      (subject) => subject,
      (subject) => [subject],
    )
  }

  return {
    subjects: async (project, page) => inOrder(project, page, () => true),
    marked: async (project, page) =>
      inOrder(project, page, (rows) => rows.some(({ target }) => mayBearMark(target))),
  }
}

export function memoryServed(access: MemoryAccess): ServedTable {
  const ofSubject: OfSubject = (project, subject) =>
    access.read().served.get(pair(project, subject)) ?? []

  return {
    ...memorySightings(access, ofSubject),
    ...memorySubjects(access),
    async record(urls, at) {
      for (const { project, subject, url, target, times = 1 } of urls) {
        const rows = ofSubject(project, subject)
        const before = rows.find((row) => row.url === url)?.times ?? 0
        const others = rows.filter((row) => row.url !== url)
        const row = { url, target, lastSeenAt: at, times: before + times }
        const newestFirst = [row, ...others].sort(bySighting)
        access
          .own('served')
          .set(pair(project, subject), newestFirst.slice(0, SERVED_URLS_PER_SUBJECT_MAX))
      }
    },
    async known(project, subject, urls) {
      const rows = ofSubject(project, subject)
      const found = rows.filter((row) => urls.includes(row.url))
      return { count: rows.length, urls: found.map((row) => row.url) }
    },
    async times(project, subject) {
      const often = ofSubject(project, subject).filter((row) => row.times > 1)
      return new Map(often.map((row) => [row.url, row.times]))
    },
    async list(project, subject, page) {
      const last = page.cursor === undefined ? null : decodeCursor(page.cursor, [0, ''] as const)
      const rows = ofSubject(project, subject).filter(
        (row) => last === null || bySighting({ lastSeenAt: last[0], url: last[1] }, row) < 0,
      )
      return toPage(
        rows.slice(0, page.limit + 1),
        page.limit,
        ({ url, target, lastSeenAt }) => ({ url, target, lastSeenAt }),
        (row) => [row.lastSeenAt, row.url],
      )
    },
    async usage(project, preset) {
      const subjects = [...access.read().served]
        .filter(([key]) => key.startsWith(pair(project, '')))
        .map(([, rows]) => rows.filter(({ target }) => namesPreset(target, preset)))
        .filter((rows) => rows.length > 0)
      const targets = new Set(subjects.flat().map(({ target }) => target))
      return { renditions: targets.size, assets: subjects.length }
    },
  }
}

type Sighting = Pick<ServedRow, 'lastSeenAt' | 'url'>

function bySighting(a: Sighting, b: Sighting): number {
  return b.lastSeenAt - a.lastSeenAt || order(b.url, a.url)
}
