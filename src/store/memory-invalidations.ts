import { assert } from '../kernel/assert.ts'
import { isFinal } from '../contract/invalidation.ts'
import { decodeCursor, toPage } from './cursor.ts'
import {
  changedRow,
  durations,
  isClaimable,
  passes,
  searchText,
  toInvalidation,
} from './invalidation-rows.ts'
import { memoryBulkUrls } from './memory-bulk.ts'
import { order } from './memory-log.ts'
import { pair } from './memory-state.ts'
import { comparable } from './search-words.ts'
import type { MemoryAccess } from './memory-state.ts'
import type { InvalidationRow, InvalidationTable } from './store.ts'

export function memoryInvalidations(access: MemoryAccess): InvalidationTable {
  return {
    ...shown(access),
    ...running(access),
    ...idempotency(access),
    async insert(row, urls) {
      assert(!access.read().invalidations.has(row.id), `invalidation ${row.id} is there already`)
      access.own('invalidations').set(row.id, { row, urls })
    },
  }
}

type Shown = Pick<
  InvalidationTable,
  'get' | 'list' | 'urls' | 'countByStatus' | 'recentDurations' | 'forget'
>

function shown(access: MemoryAccess): Shown {
  const ofProject = (project: string) =>
    [...access.read().invalidations.values()].filter(({ row }) => row.project === project)
  return {
    async get(project, id) {
      const known = access.read().invalidations.get(id)
      return known?.row.project === project ? known.row : undefined
    },
    async list(project, filter, page) {
      const before = page.cursor === undefined ? null : decodeCursor(page.cursor, [''] as const)[0]
      const q = comparable(filter.q ?? '')
      const rows = ofProject(project)
        .filter(({ row }) => (before === null || row.id < before) && passes(row, filter))
        .filter(({ row, urls }) => comparable(searchText(row, urls)).includes(q))
        .sort((a, b) => order(b.row.id, a.row.id))
        .slice(0, page.limit + 1)
      return toPage(
        rows,
        page.limit,
        ({ row }) => toInvalidation(row),
        ({ row }) => [row.id],
      )
    },
    async urls(project, id, page) {
      const after = page.cursor === undefined ? -1 : decodeCursor(page.cursor, [0] as const)[0]
      const known = access.read().invalidations.get(id)
      const listed = known?.row.bulk ? memoryBulkUrls(access, id) : known?.urls
      const urls = known?.row.project === project ? (listed ?? []) : []
      const rows = urls
        .map((url, position) => ({ url, position }))
        .slice(after + 1, after + 1 + page.limit + 1)
      return toPage(
        rows,
        page.limit,
        (row) => row.url,
        (row) => [row.position],
      )
    },
    async forget(before, limit) {
      const old = [...access.read().invalidations.values()]
        .filter(({ row }) => isFinal(row.status) && Date.parse(row.createdAt) < before)
        .sort((a, b) => order(a.row.id, b.row.id))
        .slice(0, limit)
      for (const { row } of old) {
        access.own('invalidations').delete(row.id)
        const list = access.read().bulk.get(row.id)
        if (list) access.own('bulk').set(row.id, { ...list, at: 0 })
      }
      return old.length
    },
    async countByStatus(project) {
      const counts: Record<string, number> = {}
      for (const { row } of access.read().invalidations.values()) {
        if (project !== undefined && row.project !== project) continue
        counts[row.status] = (counts[row.status] ?? 0) + 1
      }
      return counts
    },
    async recentDurations(project, limit) {
      return ofProject(project)
        .map(({ row }) => row)
        .filter((row) => row.status === 'Done')
        .sort((a, b) => Date.parse(b.finishedAt ?? '') - Date.parse(a.finishedAt ?? ''))
        .slice(0, limit)
        .flatMap(durations)
    },
  }
}

type Running = Pick<InvalidationTable, 'claimable' | 'claim' | 'renew' | 'update' | 'transition'>

function running(access: MemoryAccess): Running {
  const find = (id: string) => access.read().invalidations.get(id)?.row
  function put(row: InvalidationRow): void {
    const { urls } = access.read().invalidations.get(row.id)!
    access.own('invalidations').set(row.id, { row, urls })
  }
  return {
    async claimable(now, silentBefore, limit) {
      const found = []
      for (const { row } of access.read().invalidations.values()) {
        if (found.length >= limit) break
        if (isFinal(row.status) || !isClaimable(row, now, silentBefore)) continue
        found.push({ project: row.project, id: row.id })
      }
      return found
    },
    async claim(id, runner, now, silentBefore) {
      const row = find(id)
      if (!row || !isClaimable(row, now, silentBefore)) return undefined
      const taken = { ...row, runner, renewedAt: now, runnerEpoch: row.runnerEpoch + 1 }
      put(taken)
      return taken
    },
    async renew(id, runner, epoch, now) {
      const row = find(id)
      if (row?.runner !== runner || row.runnerEpoch !== epoch) return false
      put({ ...row, renewedAt: now })
      return true
    },
    async update(id, runner, epoch, change) {
      const row = find(id)
      if (row?.runner !== runner || row.runnerEpoch !== epoch) return false
      put(changedRow(row, change))
      return true
    },
    async transition(id, from, change) {
      const row = find(id)
      if (!row || !from.includes(row.status)) return false
      put({ ...changedRow(row, change), runner: null, runnerEpoch: row.runnerEpoch + 1 })
      return true
    },
  }
}

type Idempotency = Pick<InvalidationTable, 'idempotent' | 'rememberIdempotent' | 'forgetIdempotent'>

function idempotency(access: MemoryAccess): Idempotency {
  return {
    async idempotent(project, key) {
      const known = access.read().idempotency.get(pair(project, key))
      return known && { bodyHash: known.bodyHash, id: known.id }
    },
    async rememberIdempotent(project, key, bodyHash, id, now) {
      access.own('idempotency').set(pair(project, key), { bodyHash, id, at: now })
    },
    async forgetIdempotent(before) {
      const kept = access.own('idempotency')
      for (const [key, { at }] of kept) if (at < before) kept.delete(key)
    },
  }
}
