import { Counter, Gauge, Registry } from 'prom-client'

/** One metric of a room's table; `docs/reference/metrics.md` is tested against all tables. */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
}

export type MetricTable = Readonly<Record<string, MetricSpec>>

/** What code that counts is given; the simulator gives one that counts nothing. */
export interface Meter {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  gauge(name: string, labels: Readonly<Record<string, string>>, value: number): void
}

export const silentMeter: Meter = { count: () => undefined, gauge: () => undefined }

export interface Metrics extends Meter {
  /** Calls `read` before each exposition, for gauges that are looked up rather than kept. */
  beforeExposition(read: () => void | Promise<void>): void
  /** The Prometheus text format. */
  exposition(): Promise<string>
}

export function createMetrics(tables: readonly MetricTable[]): Metrics {
  const registry = new Registry()
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const readers: (() => void | Promise<void>)[] = []
  for (const table of tables) {
    for (const [name, spec] of Object.entries(table)) {
      const options = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] }
      if (spec.kind === 'counter') counters.set(name, new Counter(options))
      else gauges.set(name, new Gauge(options))
    }
  }
  return {
    count: (name, labels = {}, by = 1) => counters.get(name)?.inc(labels, by),
    gauge: (name, labels, value) => gauges.get(name)?.set(labels, value),
    beforeExposition: (read) => void readers.push(read),
    async exposition() {
      for (const read of readers) await read()
      return registry.metrics()
    },
  }
}
