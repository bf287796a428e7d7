import { keyHash, keyText } from '../contract/keys.ts'
import { urlValues, usesTags } from '../contract/targets.ts'
import type { OuterTarget } from '../contract/targets.ts'
import { tryOnce } from './ask-target.ts'
import { createGenericHttp } from './generic-http.ts'
import type { OuterParts } from './generic-http.ts'
import { Pace } from './pace.ts'
import { look } from './probe.ts'
import { planned } from './purge-requests.ts'
import type { PlaceToProbe, Target } from './target.ts'

export interface KnownTarget {
  readonly id: string
  readonly settings: OuterTarget
}

export interface OuterTargetsParts extends OuterParts {
  readonly list: (project: string) => Promise<readonly KnownTarget[]>
}

/** What trying a target showed: one purge request, and one look at what it serves. */
export interface TargetTrial {
  readonly purge: {
    readonly ok: boolean
    readonly detail: string
    readonly milliseconds: number
  }
  /** Null without a verify address. */
  readonly look: {
    readonly verdict: 'fresh' | 'stale' | 'unverifiable'
    readonly mark: number | null
    readonly cacheStatus: string | null
    readonly detail: string | null
    readonly milliseconds: number
  } | null
}

/** The targets outside Sluice of every project; one object each for as long as its settings stay, so that its pace counts for all. */
export class OuterTargets {
  readonly #parts: OuterTargetsParts
  readonly #made = new Map<string, { readonly settings: string; readonly target: Target }>()

  constructor(parts: OuterTargetsParts) {
    this.#parts = parts
  }

  async of(project: string): Promise<readonly Target[]> {
    const known = await this.#parts.list(project)
    const names = new Set(known.map(({ id }) => `${project}/${id}`))
    for (const name of this.#made.keys()) {
      if (name.startsWith(`${project}/`) && !names.has(name)) this.#made.delete(name)
    }
    return known.map((each) => this.#target(project, each))
  }

  /** Asks a target as a purge would, for a URL that it may forget, and looks through it. */
  async try(
    project: string,
    { settings }: KnownTarget,
    place: PlaceToProbe,
    signal: AbortSignal,
  ): Promise<TargetTrial> {
    const { clock, timers } = this.#parts
    const parts = { ...this.#parts, pace: new Pace({ clock, timers }, settings) }
    const tag = keyHash(keyText.record(`~trial/${project}`))
    const byTag = usesTags(settings.purge)
    const values = byTag ? { tag } : urlValues(new URL(place.url))
    const about = byTag ? `tag ${tag}` : place.url
    const request = planned(settings, settings.purge, values, about)
    const asked = clock.now()
    const failed = await tryOnce(parts, settings, request, signal)
    const answered = clock.now()
    const purge = {
      ok: failed === undefined,
      detail: failed?.failure.publicMessage ?? `${request.asked.method} for ${about} was taken.`,
      milliseconds: Math.round(answered - asked),
    }
    if (settings.verifyAddress === null) return { purge, look: null }
    // Any mark will do: this asks whether it can be looked through, not how new it is.
    const seen = await look(parts, settings, place, 0, signal)
    const { verdict, mark, cacheStatus, detail } = seen
    const milliseconds = Math.round(clock.now() - answered)
    return { purge, look: { verdict, mark, cacheStatus, detail, milliseconds } }
  }

  #target(project: string, known: KnownTarget): Target {
    const name = `${project}/${known.id}`
    const settings = JSON.stringify(known.settings)
    const made = this.#made.get(name)
    if (made?.settings === settings) return made.target
    const target = createGenericHttp(known, this.#parts)
    this.#made.set(name, { settings, target })
    return target
  }
}
