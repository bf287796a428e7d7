import type { AspectRange } from '../contract/cloudimage-values.ts'
import type { Operation } from './operation.ts'
import { cut, resizeToInterest } from './picture.ts'
import type { Size } from './view-geometry.ts'
import { partAround } from './view-geometry.ts'

/** Cuts to proportions, without scaling (Cloudimage's page "Aspect ratio crop"). */
export const aspect: Operation = {
  name: 'aspect ratio',
  apply(picture, { aspect: range, focus }) {
    if (!range) return picture
    const part = largestPart(picture, range)
    if (part.width === picture.width && part.height === picture.height) return picture
    if (focus.kind === 'auto') return resizeToInterest(picture, part, 'lanczos3')
    return cut(picture, { ...part, ...partAround(focus, picture, part) })
  },
}

function largestPart({ width, height }: Size, { min, max }: AspectRange): Size {
  const ratio = width / height
  if (ratio > max) return { width: atLeastOne(height * max), height }
  return ratio < min ? { width, height: atLeastOne(width / min) } : { width, height }
}

function atLeastOne(length: number): number {
  return Math.max(1, Math.round(length))
}
