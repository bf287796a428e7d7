import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { Focus, View } from '../contract/recipe.ts'
import { ImagingError } from './errors.ts'
import type { ViewGeometry } from './view-geometry.ts'
import { REPLY_PIXELS_MAX, viewGeometry } from './view-geometry.ts'

const side = fc.integer({ min: 1, max: 6000 })
const size = fc.record({ width: side, height: side })
const share = fc.double({ min: 0, max: 1, noNaN: true })
const focus: fc.Arbitrary<Focus> = fc.oneof(
  fc.constant<Focus>({ kind: 'auto' }),
  fc.record({ kind: fc.constant('position' as const), x: share, y: share }),
  fc.record({
    kind: fc.constant('point' as const),
    unit: fc.constantFrom('pixel', 'share'),
    x: share,
    y: side,
  }),
)
const box = fc.record({
  kind: fc.constant('box' as const),
  width: side,
  height: side,
  scale: fc.constantFrom('inside', 'outside', 'stretch', 'width', 'height', 'by-size'),
  canvas: fc.constantFrom('box', 'image', 'trim'),
  enlarge: fc.boolean(),
  sideMax: fc.constant(5000),
})
const scaled = fc.record({
  kind: fc.constant('scale' as const),
  factor: fc.double({ min: 0.001, max: 1000, noNaN: true }),
  width: fc.option(side),
  height: fc.option(side),
  sideMax: fc.constant(3000),
})
const view: fc.Arbitrary<View> = fc.oneof(box, scaled)

describe('the geometry of any view', () => {
  it('cuts inside the scaled picture, lies on the canvas and keeps the limits', () => {
    fc.assert(
      fc.property(view, focus, size, (asked, at, from) => {
        const geometry = geometryOrNull(asked, at, from)
        if (!geometry) return
        const { scaled: whole, cut, canvas, offset } = geometry
        assert.ok(cut.left >= 0 && cut.left + cut.width <= whole.width)
        assert.ok(cut.top >= 0 && cut.top + cut.height <= whole.height)
        assert.ok(offset.left >= 0 && offset.left + cut.width <= canvas.width)
        assert.ok(offset.top >= 0 && offset.top + cut.height <= canvas.height)
        assert.ok(canvas.width <= asked.sideMax && canvas.height <= asked.sideMax)
        assert.ok(canvas.width * canvas.height <= REPLY_PIXELS_MAX)
        const numbers = [...Object.values(cut), ...Object.values(offset), ...Object.values(whole)]
        assert.ok(numbers.every(Number.isInteger))
      }),
      { numRuns: 2000 },
    )
  })

  it('has the box as its size when that is the canvas, and never enlarges unless told', () => {
    fc.assert(
      fc.property(box, focus, size, (asked, at, from) => {
        const geometry = geometryOrNull(asked, at, from)
        if (!geometry) return
        const { width, height } = asked
        if (asked.canvas === 'box') assert.deepEqual(geometry.canvas, { width, height })
        if (asked.canvas === 'trim') assert.ok(geometry.canvas.width <= width)
        if (!asked.enlarge) {
          assert.ok(geometry.scaled.width <= from.width && geometry.scaled.height <= from.height)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function geometryOrNull(asked: View, at: Focus, from: { width: number; height: number }) {
  try {
    return viewGeometry({ view: asked, focus: at, size: from }) satisfies ViewGeometry
  } catch (error) {
    assert.ok(error instanceof ImagingError && error.code === 'reply-too-large')
    return null
  }
}
