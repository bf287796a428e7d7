import { Agent } from 'undici'
import type { OriginRule } from '../contract/records.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Timers } from '../kernel/timers.ts'
import { OriginError } from './errors.ts'
import { lookupAll } from '../kernel/address-guard.ts'
import type { LookupAll } from '../kernel/address-guard.ts'
import { guardedConnector } from './guard.ts'
import { HostGate } from './host-gate.ts'
import type { GateLimits } from './host-gate.ts'

/** Hosts with connections, gates and failures of their own; the one longest unused goes. */
const HOSTS_MAX = 256
/** Response headers beyond this are no image server's. */
const HEADER_BYTES_MAX = 16_384

export interface HostLimits extends GateLimits {
  /** Silence of an origin before it counts as dead. */
  readonly deadlineMs: number
  /** Connections to one host at once: more would be an attack on somebody's web server. */
  readonly connectionsPerHost: number
  /** Requests that may wait for one of these connections; more are refused at once. */
  readonly waitingPerHostMax: number
}

export interface HostParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly lookup?: LookupAll
}

interface Host {
  readonly agent: Agent
  readonly gate: HostGate
  readonly runningMax: number
  running: number
}

/** Failures that a host is to blame for; all others are the asker's, the picture's or ours. */
const FAILURES = ['origin-unreachable', 'origin-timeout', 'origin-failed'] as const

export interface HostRead {
  readonly rule: OriginRule
  readonly url: URL
  readonly signal: AbortSignal
  /** What is told of an error; null when the asker went away, which says nothing about the host. */
  readonly explain: (error: unknown) => OriginError | null
}

/** Connections to remote hosts, each host with limits of its own: one that is slow or down takes nothing from the others. */
export class RemoteHosts {
  readonly #parts: HostParts
  readonly #limits: HostLimits
  readonly #hosts = new Map<string, Host>()

  constructor(parts: HostParts, limits: HostLimits) {
    this.#parts = parts
    this.#limits = limits
  }

  /** Runs one read of a host in its turn. */
  async read<T>(
    { rule, url, signal, explain }: HostRead,
    work: (agent: Agent) => Promise<T>,
  ): Promise<T> {
    const host = this.#take(rule, url)
    if (host.running >= host.runningMax) throw crowded(url)
    const { clock, timers } = this.#parts
    const admission = host.gate.admit(clock.now())
    if (admission.kind === 'crowded') throw crowded(url)
    if (admission.kind === 'resting') {
      throw new OriginError(
        'origin-resting',
        `${url.host} failed several times in a row and is not asked for a while.`,
        undefined,
        Math.max(1, Math.ceil(admission.forMs / 1000)),
      )
    }
    host.running++
    try {
      if (admission.waitMs > 0) await timers.sleep(admission.waitMs, signal)
      const result = await work(host.agent)
      host.gate.succeeded()
      return result
    } catch (error) {
      const code = explain(error)?.code
      if (FAILURES.some((each) => each === code)) host.gate.failed(clock.now())
      else if (code === undefined) host.gate.undecided(admission.probe)
      else host.gate.succeeded()
      throw error
    } finally {
      host.running--
    }
  }

  async close(): Promise<void> {
    const agents = [...this.#hosts.values()].map((host) => host.agent)
    this.#hosts.clear()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }

  #take(rule: OriginRule, url: URL): Host {
    // A changed rule must not go on with connections that an earlier one permitted.
    const { connectTo = null, allowPrivate = false } = rule
    const { connectionsPerHost, readsPerSecond } = this.#limits
    const connections = rule.connectionsMax ?? connectionsPerHost
    const reads = rule.readsPerSecond ?? readsPerSecond
    const permitted = [connectTo, allowPrivate, connections, reads]
    const name = JSON.stringify([url.host, rule.host, ...permitted])
    const host = this.#hosts.get(name) ?? {
      agent: this.#agent(rule, connections),
      gate: new HostGate({ ...this.#limits, readsPerSecond: reads }),
      runningMax: connections + this.#limits.waitingPerHostMax,
      running: 0,
    }
    this.#hosts.delete(name)
    this.#hosts.set(name, host)
    for (const [other, idle] of this.#hosts) {
      if (this.#hosts.size <= HOSTS_MAX) break
      if (idle.running > 0) continue
      this.#hosts.delete(other)
      void idle.agent.close()
    }
    return host
  }

  #agent(rule: OriginRule, connections: number): Agent {
    const { deadlineMs } = this.#limits
    return new Agent({
      connect: guardedConnector(rule, this.#parts.lookup ?? lookupAll),
      connections,
      pipelining: 1,
      headersTimeout: deadlineMs,
      bodyTimeout: deadlineMs,
      maxHeaderSize: HEADER_BYTES_MAX,
    })
  }
}

function crowded(url: URL): OriginError {
  return new OriginError('origin-busy', `Too many requests wait for ${url.host}.`)
}
