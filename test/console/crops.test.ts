import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Page } from 'playwright-core'
import {
  CORNERS,
  SHARE_MIN,
  SIDES,
  dragged,
  hasShape,
  inPicture,
  moved,
  ratioOf,
  shaped,
} from '../../console/src/pages/assets/crop-drag.ts'
import type { Rect } from '../../console/src/pages/assets/crop-drag.ts'
import { seriousAxeFindings } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Smart crops by hand: the rectangle as a hand or a keyboard moves it, and what visitors get of it. */

const share = fc.double({ min: 0, max: 1, noNaN: true })
const rect = fc
  .record({ x: share, y: share, width: share, height: share })
  .map((sides) => inPicture(sides))
/** Large enough that a rounding to a tenth of a thousandth does not show in its shape. */
const long = fc.double({ min: 0.4, max: 1, noNaN: true })
const largeRect = fc
  .record({ x: share, y: share, width: long, height: long })
  .map((sides) => inPicture(sides))
const far = fc.double({ min: -2, max: 2, noNaN: true })
const shape = fc.double({ min: 0.2, max: 5, noNaN: true })
const handle = fc.constantFrom('move', ...CORNERS, ...SIDES)

function assertInPicture({ x, y, width, height }: Rect): void {
  assert.ok(x >= 0 && y >= 0 && width > 0 && height > 0, JSON.stringify({ x, y, width, height }))
  assert.ok(x + width <= 1 && y + height <= 1, JSON.stringify({ x, y, width, height }))
}

describe('a rectangle that is dragged', () => {
  test('never leaves the picture, wherever the pointer goes', () => {
    fc.assert(
      fc.property(rect, handle, far, far, fc.option(shape), (from, name, dx, dy, ratio) => {
        assertInPicture(dragged(from, { handle: name, dx, dy, ratio }))
      }),
    )
  })

  test('keeps its size when it is moved', () => {
    fc.assert(
      fc.property(rect, far, far, (from, dx, dy) => {
        const to = moved(from, dx, dy)
        assert.ok(Math.abs(to.width - from.width) < 0.0002)
        assert.ok(Math.abs(to.height - from.height) < 0.0002)
      }),
    )
  })

  test('keeps its shape when it is told to, and the opposite corner stays', () => {
    fc.assert(
      fc.property(
        largeRect,
        fc.constantFrom(...CORNERS),
        far,
        far,
        shape,
        (any, name, dx, dy, ratio) => {
          const from = shaped(any, ratio)
          const to = dragged(from, { handle: name, dx, dy, ratio })
          if (to.width > 0.05 && to.height > 0.05) assert.ok(hasShape(to, ratio))
          const fixedX = (one: Rect) => (name.includes('w') ? one.x + one.width : one.x)
          const fixedY = (one: Rect) => (name.includes('n') ? one.y + one.height : one.y)
          assert.ok(Math.abs(fixedX(to) - fixedX(from)) < 0.001)
          assert.ok(Math.abs(fixedY(to) - fixedY(from)) < 0.001)
        },
      ),
    )
  })

  test('follows the pointer at one side alone, and stays large enough to be taken hold of', () => {
    const from = { x: 0.2, y: 0.2, width: 0.4, height: 0.4 }
    const wider = dragged(from, { handle: 'e', dx: 0.1, dy: 0.3, ratio: null })
    assert.deepEqual(wider, { x: 0.2, y: 0.2, width: 0.5, height: 0.4 })
    const thin = dragged(from, { handle: 'w', dx: 0.9, dy: 0, ratio: null })
    assert.deepEqual([thin.x, thin.width], [0.59, SHARE_MIN])
  })

  test('has the shape of the output on the picture, not on paper', () => {
    // A square output of a picture twice as wide as high takes half as much of its width as of its height.
    assert.equal(ratioOf({ width: 400, height: 400 }, { width: 2000, height: 1000 }), 0.5)
    const square = shaped({ x: 0, y: 0, width: 1, height: 1 }, 0.5)
    assert.deepEqual(square, { x: 0.25, y: 0, width: 0.5, height: 1 })
  })
})

describe('smart crops on the page of an asset', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  async function bytesOf(path: string): Promise<Buffer> {
    const answer = await fetch(`${desk.serve.edges[0]}/is/image/demo/${path}`)
    assert.equal(answer.status, 200, path)
    return Buffer.from(await answer.arrayBuffer())
  }

  test('each size of the project is there, computed, with its URL', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets/flat')
    for (const name of ['Large', 'Medium', 'Small']) {
      await card(page, name).getByText('Computed', { exact: true }).waitFor()
    }
    await page.getByText(`${desk.serve.edges[0]}/is/image/demo/flat:Large`).waitFor()
    await card(page, 'Large')
      .getByText(/^1260 × 720 pixels\. .* of the picture/)
      .waitFor()
  })

  test('a corner is dragged with the mouse in the shape of the output, and the numbers follow', async () => {
    const { page } = desk
    await page.getByRole('button', { name: 'Edit crop Small' }).click()
    await rectangle(page).scrollIntoViewIfNeeded()
    const box = await rectangle(page).boundingBox()
    assert.ok(box)
    const corner = [box.x + box.width, box.y + box.height] as const
    await drag(page, corner, [corner[0] - box.width / 2, corner[1] - box.height / 2])
    const smaller = await rectangle(page).boundingBox()
    assert.ok(smaller)
    assert.ok(Math.abs(smaller.width - box.width / 2) < 4, `${smaller.width} of ${box.width}`)
    assert.ok(Math.abs(smaller.width - smaller.height) < 4, 'as square as its output')
    const width = await field(page, 'Width').inputValue()
    assert.ok(Math.abs(Number.parseFloat(width) - 37.5) < 1, width)
    await page.getByRole('img', { name: 'This part of flat at 400 × 400' }).waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
  })

  test('a new rectangle is drawn beside it; without a fixed shape its sides are dragged, too', async () => {
    const { page } = desk
    await page.getByRole('checkbox', { name: 'Keep the shape of 400 × 400' }).uncheck()
    const stage = await page.getByRole('img', { name: 'All of flat' }).boundingBox()
    assert.ok(stage)
    const at = (x: number, y: number) =>
      [stage.x + x * stage.width, stage.y + y * stage.height] as const
    await drag(page, at(0.9, 0.9), at(0.7, 0.6))
    await page.getByRole('button', { name: /rectangle: (19|20)\S*\s% × (29|30)/ }).waitFor()
    await drag(page, at(0.7, 0.75), at(0.5, 0.75))
    await page.getByRole('button', { name: /rectangle: (39|40)\S*\s% × (29|30)/ }).waitFor()
  })

  test('arrow keys move it, with Shift they change its size; saved, it is what visitors get of it', async () => {
    const { page } = desk
    const [large, old] = [await bytesOf('flat:Large'), await bytesOf('flat:Small')]
    await field(page, 'From the left').fill('20')
    await field(page, 'From the top').fill('10')
    await field(page, 'Width').fill('30')
    await field(page, 'Height').fill('40')
    await page.keyboard.press('Tab')
    await rectangle(page).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+ArrowUp')
    const words = /: 29\s% × 39\s% of the picture, 21\s% from the left, 11\s% from the top$/
    await page.getByRole('button', { name: words }).waitFor()
    await page.getByRole('button', { name: 'Save crop' }).click()
    await card(page, 'Small').getByText('Set by hand', { exact: true }).waitFor()
    await page.locator('[aria-label="Edit crop Small"]:focus').waitFor()
    const now = await fetchUntilOther('flat:Small', old)
    assert.deepEqual(
      now,
      await bytesOf('flat?cropN=0.21,0.11,0.29,0.39&wid=400&hei=400&fit=crop,1'),
    )
    assert.deepEqual(await bytesOf('flat:Large'), large)
  })

  test('Reset computes it again', async () => {
    const { page } = desk
    const drawn = await bytesOf('flat:Small')
    await page.getByRole('button', { name: 'Reset crop Small' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Reset' }).click()
    await card(page, 'Small').getByText('Computed', { exact: true }).waitFor()
    await fetchUntilOther('flat:Small', drawn)
    assert.deepEqual(desk.findings, [])
  })

  /** The invalidation that a saved crop starts is Done a moment later. */
  async function fetchUntilOther(path: string, than: Buffer): Promise<Buffer> {
    const deadline = Date.now() + 15_000
    for (;;) {
      const now = await bytesOf(path)
      if (!now.equals(than)) return now
      assert.ok(Date.now() < deadline, `${path} is still the old one`)
      await desk.page.waitForTimeout(100)
    }
  }
})

async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]) {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2)
  await page.mouse.move(...to)
  await page.mouse.up()
}

function field(page: Page, name: string) {
  return page.getByRole('textbox', { name, exact: true })
}

function rectangle(page: Page) {
  return page.getByRole('button', { name: /^Crop rectangle: / })
}

function card(page: Page, name: string) {
  return page
    .getByRole('list', { name: 'Smart crops' })
    .getByRole('listitem')
    .filter({ has: page.getByText(name, { exact: true }) })
}
