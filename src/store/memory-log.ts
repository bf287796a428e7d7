import { assert } from '../kernel/assert.ts'
import { KEYS_PER_ENTRY_MAX, keysCountOf } from '../contract/purge-log.ts'
import { TEMPLATE_VERSIONS_MAX } from './limits.ts'
import type { MemoryAccess } from './memory-state.ts'
import type { ChangeTable, LogTable, NodeTable, ProjectTable } from './store.ts'

export function memoryLog(access: MemoryAccess, logId: string): LogTable {
  const head = () => access.read().head.get('head')!
  return {
    id: async () => logId,
    head: async () => head(),
    async oldest() {
      const first = access.read().log.keys().next()
      return first.done ? head() + 1 : first.value
    },
    async after(seq, limit, keysMax = Number.POSITIVE_INFINITY) {
      const { log } = access.read()
      const first: number = log.keys().next().value ?? head() + 1
      const entries = []
      let keys = 0
      for (let at = Math.max(seq + 1, first); at <= head() && entries.length < limit; at++) {
        if (keys >= keysMax) break
        const entry = log.get(at)!
        entries.push(entry)
        keys += keysCountOf(entry)
      }
      return entries
    },
    async append(project, keys, softMs) {
      assert(keys.length > 0, 'a purge without keys')
      const log = access.own('log')
      let seq = head()
      for (let at = 0; at < keys.length; at += KEYS_PER_ENTRY_MAX) {
        seq += 1
        const piece = keys.slice(at, at + KEYS_PER_ENTRY_MAX)
        const kind = softMs === undefined ? { kind: 'purge' } : { kind: 'soft', softMs }
        log.set(seq, { seq, project, ...kind, keys: piece })
      }
      access.own('head').set('head', seq)
      return seq
    },
    async appendPacked(project, pieces, softMs) {
      const log = access.own('log')
      let seq = head()
      for (const packed of pieces) {
        assert(packed.byteLength > 0, 'a purge without keys')
        seq += 1
        const soft = softMs === undefined ? {} : { softMs }
        log.set(seq, { seq, project, kind: 'packed', keys: [], packed, ...soft })
      }
      access.own('head').set('head', seq)
      return seq
    },
    async packedBeyond(kept) {
      const packed = [...access.read().log.values()].filter((entry) => entry.kind === 'packed')
      return packed.at(-1 - kept)?.seq ?? 0
    },
    async trim(seq) {
      const log = access.own('log')
      for (const known of log.keys()) if (known <= seq) log.delete(known)
    },
  }
}

export function memoryNodes(access: MemoryAccess): NodeTable {
  return {
    async register(row, predecessor) {
      const nodes = access.own('nodes')
      for (const known of nodes.values()) {
        const replaced = known.incarnation === predecessor
        const left = known.id === row.id && known.state === 'out'
        if (replaced || left) nodes.delete(known.incarnation)
      }
      nodes.set(row.incarnation, row)
    },
    async list() {
      return [...access.read().nodes.values()].sort((a, b) =>
        a.id === b.id ? order(a.incarnation, b.incarnation) : order(a.id, b.id),
      )
    },
    async acknowledge(incarnation, applied, seenAt) {
      const row = access.read().nodes.get(incarnation)
      if (row?.state !== 'in') return false
      const next = { ...row, applied: Math.max(row.applied, applied), seenAt }
      access.own('nodes').set(incarnation, next)
      return true
    },
    async markOut(incarnation) {
      const row = access.read().nodes.get(incarnation)
      if (row) access.own('nodes').set(incarnation, { ...row, state: 'out' })
    },
    async remove(incarnation) {
      access.own('nodes').delete(incarnation)
    },
  }
}

export function memoryChanges(access: MemoryAccess): ChangeTable {
  return {
    async add(row) {
      const changes = access.own('changes')
      changes.set((Array.from(changes.keys()).at(-1) ?? 0) + 1, row)
    },
    async due(before) {
      const rows = [...access.read().changes.values()]
      const due = new Set(rows.filter((row) => row.at < before).map((row) => row.project))
      return [...due].sort(order)
    },
    async take(project) {
      const changes = access.own('changes')
      const taken = [...changes].filter(([, row]) => row.project === project)
      for (const [n] of taken) changes.delete(n)
      return taken.map(([, row]) => row)
    },
  }
}

export function memoryProjects(access: MemoryAccess): ProjectTable {
  return {
    async list() {
      return [...access.read().projects.values()].sort((a, b) => order(a.id, b.id))
    },
    async get(id) {
      return access.read().projects.get(id)
    },
    async insert(row) {
      assert(!access.read().projects.has(row.id), `project ${row.id} is there already`)
      access.own('projects').set(row.id, row)
    },
    async update(id, change) {
      const row = access.read().projects.get(id)
      assert(row, `update of an unknown project: ${id}`)
      access.own('projects').set(id, { ...row, ...change })
    },
    async addTemplateVersion(id, version) {
      const known = access.read().templates.get(id) ?? []
      access.own('templates').set(id, [version, ...known].slice(0, TEMPLATE_VERSIONS_MAX))
    },
    templateVersions: async (id) => access.read().templates.get(id) ?? [],
  }
}

export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
