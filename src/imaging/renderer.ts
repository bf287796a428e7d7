import type { CropRect } from '../contract/records.ts'
import type { Recipe } from '../contract/recipe.ts'
import { ImagingError } from './errors.ts'
import { FairQueue } from './fair-queue.ts'
import type { FairQueueOptions } from './fair-queue.ts'
import type { OtherSources } from './operation.ts'
import type { Rendition } from './render.ts'
import { render } from './render.ts'
import { rememberedAreas, salientArea } from './salient-area.ts'
import type { FindArea } from './salient-area.ts'

/** A bounded queue before the processors, fair between projects: `concurrency` renders at a time, `queueMax` waiting for each. */
export type RendererOptions = FairQueueOptions

export interface RendererStats {
  readonly running: number
  readonly waiting: number
  readonly rendered: number
  readonly failed: number
  readonly refused: number
}

type Load = () => Promise<Uint8Array>
/** Bytes, or how to get them: then only renders that have their turn hold an original in memory. */
export type RenderSource = Uint8Array | Load | { readonly original: Load; readonly watermark: Load }

export interface Renderer {
  render(
    recipe: Recipe,
    source: RenderSource,
    signal?: AbortSignal,
    project?: string,
  ): Promise<Rendition>
  /** Where a smart crop lies; waits for its turn like a render. */
  findArea(wanted: FindArea): Promise<CropRect>
  stats(): RendererStats
}

export function createRenderer(options: RendererOptions): Renderer {
  const queue = new FairQueue(options)
  const counts = { rendered: 0, failed: 0, refused: 0 }

  async function inTurn<T>(
    project: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    if (!(await queue.enter(project, signal))) {
      counts.refused++
      throw new ImagingError('render-queue-full', 'Too many pictures are being made; try again')
    }
    try {
      return await work()
    } catch (error) {
      if (!signal?.aborted) counts.failed++
      throw error
    } finally {
      queue.leave()
    }
  }

  return {
    render: (recipe, source, signal, project = '') =>
      inTurn(project, signal, async () => {
        const { original, ...others } = await loaded(source)
        const rendition = await render(recipe, original, signal, others)
        counts.rendered++
        return rendition
      }),
    findArea: rememberedAreas(({ load, size, project }) =>
      inTurn(project, undefined, async () => salientArea(await load(), size)),
    ),
    stats: () => ({ ...counts, running: queue.running, waiting: queue.waiting }),
  }
}

async function loaded(source: RenderSource): Promise<{ original: Uint8Array } & OtherSources> {
  if (source instanceof Uint8Array) return { original: source }
  if (typeof source === 'function') return { original: await source() }
  return { original: await source.original(), watermark: await source.watermark() }
}
