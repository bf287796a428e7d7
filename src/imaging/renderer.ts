import type { Recipe } from '../contract/recipe.ts'
import { ImagingError } from './errors.ts'
import type { Rendition } from './render.ts'
import { render } from './render.ts'

/** A bounded queue before the processors: what comes on top is refused at once instead of waiting past its deadline. */
export interface RendererOptions {
  /** Renders at a time. */
  readonly concurrency: number
  /** Renders that may wait. */
  readonly queueMax: number
}

export interface RendererStats {
  readonly running: number
  readonly waiting: number
  readonly rendered: number
  readonly failed: number
  readonly refused: number
}

export interface Renderer {
  render(recipe: Recipe, source: Uint8Array, signal?: AbortSignal): Promise<Rendition>
  stats(): RendererStats
}

export function createRenderer({ concurrency, queueMax }: RendererOptions): Renderer {
  const waiting = new Set<() => void>()
  const counts = { running: 0, rendered: 0, failed: 0, refused: 0 }

  /** First come, first served: the place of a finished one goes to the first that waits. */
  function release(): void {
    const [next] = waiting
    if (!next) {
      counts.running--
      return
    }
    waiting.delete(next)
    next()
  }

  async function place(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (counts.running < concurrency) {
      counts.running++
      return
    }
    if (waiting.size >= queueMax) {
      counts.refused++
      throw new ImagingError('render-queue-full', 'Too many pictures are being made; try again')
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      if (waiting.delete(resolve)) reject(signal?.reason)
    }
    waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  return {
    async render(recipe, source, signal) {
      await place(signal)
      try {
        const rendition = await render(recipe, source, signal)
        counts.rendered++
        return rendition
      } catch (error) {
        if (!signal?.aborted) counts.failed++
        throw error
      } finally {
        release()
      }
    },
    stats: () => ({ ...counts, waiting: waiting.size }),
  }
}
