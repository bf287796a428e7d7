import { ENDLESS } from './patience.ts'
import type { Patience } from './patience.ts'
import { sqlAccounts } from './sql-accounts.ts'
import { sqlAssets } from './sql-assets.ts'
import { sqlBulk } from './sql-bulk.ts'
import { sqlChanges } from './sql-changes.ts'
import { sqlInvalidations } from './sql-invalidations.ts'
import { sqlLog } from './sql-log.ts'
import { sqlNodes } from './sql-nodes.ts'
import { sqlProjects } from './sql-projects.ts'
import type { Sql } from './sql-schema.ts'
import { sqlServed } from './sql-served.ts'
import { sqlTargets } from './sql-targets.ts'
import type { Tables } from './store.ts'

/** `patience` is of searches, which can be long. */
export function sqlTables(db: Sql, patience: Patience = ENDLESS): Tables {
  return {
    log: sqlLog(db),
    nodes: sqlNodes(db),
    invalidations: sqlInvalidations(db, patience),
    changes: sqlChanges(db),
    projects: sqlProjects(db),
    assets: sqlAssets(db),
    accounts: sqlAccounts(db),
    served: sqlServed(db),
    bulk: sqlBulk(db),
    targets: sqlTargets(db),
  }
}
