import { order } from './memory-log.ts'
import { pair } from './memory-state.ts'
import type { MemoryAccess } from './memory-state.ts'
import type { TargetTable } from './store.ts'

export function memoryTargets(access: MemoryAccess): TargetTable {
  return {
    async list(project) {
      return [...access.read().targets.values()]
        .filter((row) => row.project === project)
        .sort((a, b) => order(a.id, b.id))
    },
    async put(row) {
      access.own('targets').set(pair(row.project, row.id), row)
    },
    async remove(project, id) {
      return access.own('targets').delete(pair(project, id))
    },
  }
}
