import { isFinal } from '../contract/invalidation.ts'
import type { MemoryAccess } from './memory-state.ts'
import type { BulkTable } from './store.ts'
import { unpackUrls } from './url-pieces.ts'

export function memoryBulk(access: MemoryAccess): BulkTable {
  const listOf = (id: string) => access.read().bulk.get(id) ?? { at: 0, pieces: [] }
  return {
    async stage(id, piece, at) {
      access.own('bulk').set(id, { at, pieces: [...listOf(id).pieces, piece] })
    },
    async accept(id) {
      const list = access.read().bulk.get(id)
      if (list) access.own('bulk').set(id, { ...list, at: null })
    },
    async keys(id, from, limit) {
      const pieces = listOf(id).pieces.slice(from, from + limit)
      return pieces.flatMap(({ keys }) => keys ?? [])
    },
    async abandoned(before, limit) {
      const lists = [...access.read().bulk].filter(([, { at }]) => at !== null && at < before)
      return lists.slice(0, limit).map(([id]) => id)
    },
    async discard(id, limit) {
      const list = listOf(id)
      const pieces = list.pieces.slice(limit)
      if (pieces.length > 0) access.own('bulk').set(id, { ...list, pieces })
      else access.own('bulk').delete(id)
      return pieces.length > 0
    },
    async spent(limit) {
      const lists = [...access.read().bulk].filter(([id, { pieces }]) => {
        const status = access.read().invalidations.get(id)?.row.status
        const over = status !== undefined && isFinal(status) && !status.startsWith('ERROR')
        return over && pieces.some(({ keys }) => keys !== null)
      })
      return lists.slice(0, limit).map(([id]) => id)
    },
    async discardKeys(id, limit) {
      const list = listOf(id)
      let left = limit
      const pieces = list.pieces.map((piece) => {
        if (piece.keys === null || left === 0) return piece
        left -= 1
        return { ...piece, keys: null }
      })
      access.own('bulk').set(id, { ...list, pieces })
    },
  }
}

export function memoryBulkUrls(access: MemoryAccess, id: string): readonly string[] {
  return (access.read().bulk.get(id)?.pieces ?? []).flatMap(({ urls }) => unpackUrls(urls))
}
