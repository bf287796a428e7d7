import { API_METRICS } from './api/metrics.ts'
import type { App, AppParts } from './app-parts.ts'
import type { Config, RoleName } from './config.ts'
import { EDGE_METRICS } from './edge/edge.ts'
import { createMetrics } from './kernel/metrics.ts'
import type { MetricTable } from './kernel/metrics.ts'
import { RESIZER_METRICS } from './resizer/resizer.ts'
import { CONTROL_METRICS } from './roles/control-role.ts'
import { NODE_METRICS } from './roles/node-life.ts'
import { RESIZER_ROLE_METRICS } from './roles/resizer-role.ts'
import { systemMachine } from './roles/role.ts'
import { controlAlone, edgeAlone, resizerAlone } from './separate.ts'
import { serve } from './serve.ts'

/** All metrics of all roles; `docs/reference/metrics.md` is tested against them. */
export const METRIC_TABLES = [
  API_METRICS,
  CONTROL_METRICS,
  EDGE_METRICS,
  RESIZER_METRICS,
  RESIZER_ROLE_METRICS,
  NODE_METRICS,
] as const

/** What each role counts; a role shows no zeros of another. */
const TABLES_OF: Readonly<Record<RoleName, readonly MetricTable[]>> = {
  serve: METRIC_TABLES,
  control: [API_METRICS, CONTROL_METRICS],
  resizer: [RESIZER_METRICS, RESIZER_ROLE_METRICS, NODE_METRICS],
  edge: [EDGE_METRICS, NODE_METRICS],
}

/** Builds every part in the order in which they depend on each other. The only place that knows them all. */
export async function startApp(config: Config, parts: AppParts): Promise<App> {
  const machine = systemMachine(parts.log, createMetrics(TABLES_OF[config.role]), parts.version)
  switch (config.role) {
    case 'serve':
      return serve(machine, config, parts)
    case 'control':
      return controlAlone(machine, config, parts)
    case 'resizer':
      return resizerAlone(machine, config)
    case 'edge':
      return edgeAlone(machine, config)
  }
}
