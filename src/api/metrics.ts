import type { MetricTable } from '../kernel/metrics.ts'

/** What the control plane's door counts. */
export const API_METRICS = {
  sluice_api_requests_total: {
    kind: 'counter',
    help: 'Requests answered by the control port, by route and status.',
    labels: ['method', 'route', 'status'],
  },
  sluice_api_event_streams: {
    kind: 'gauge',
    help: 'Open streams of server-sent events.',
    labels: [],
  },
} as const satisfies MetricTable
