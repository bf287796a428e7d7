import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { badRows, reasonsOf, withoutBad } from '../../console/src/pages/invalidation/bad-rows.ts'
import { EMPTY_DRAFT, selectionOf } from '../../console/src/pages/invalidation/draft.ts'
import {
  countedOf,
  excessOf,
  groupOf,
  seenOf,
} from '../../console/src/pages/invalidation/groups.ts'
import type { Preview } from '../../src/contract/api/invalidations.ts'
import { seriousAxeFindings } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Lists of URLs before they are submitted: how they are grouped, counted, filtered and made right. */

const PREVIEW: Preview = {
  digest: 'd',
  confirm: null,
  urls: [
    {
      url: 'http://x/is/image/demo/flat',
      from: 'asset flat',
      covers: null,
      served: null,
      lastSeenAt: null,
    },
    {
      url: 'http://x/a',
      from: 'added',
      covers: 'this path with all its queries',
      served: null,
      lastSeenAt: null,
    },
  ],
  problems: [],
  warnings: [],
  refusal: null,
  targets: [],
  estimatedSeconds: 1,
}

describe('what a list is made of', () => {
  test('rows are told apart: as Dynamic Media forms them, ours, and added', () => {
    for (const theirs of ['asset a', 'asset a, preset product', 'template line 2, asset a']) {
      assert.equal(groupFrom(theirs), 'dynamicMedia', theirs)
    }
    for (const ours of ['asset a, crop Large', 'asset a, served', 'asset a, content', 'folder b']) {
      assert.equal(groupFrom(ours), 'ours', ours)
    }
    assert.equal(groupFrom('added'), 'added')
  })

  test('with Dynamic Media only everything of ours is off, whatever was ticked', () => {
    const all = { ...EMPTY_DRAFT, assets: ['flat'], template: true, crops: true, served: true }
    const selection = selectionOf({ ...all, dynamicMediaOnly: true }, 'assets')
    const { renditions, crops, content, served, template } = selection
    assert.deepEqual(
      [renditions, crops, content, served, template],
      [false, false, false, false, true],
    )
  })

  test('what goes with the asset is not counted against the limit', () => {
    assert.equal(countedOf(PREVIEW), 1)
    assert.equal(excessOf(PREVIEW, 1), 0)
    assert.equal(excessOf(PREVIEW, 0), 1)
  })

  test('wrong rows leave the list together, right ones stay', () => {
    const refused: Preview = {
      ...PREVIEW,
      refusal: { code: 'bad-urls', title: 'x', detail: 'y' },
      problems: [
        { pointer: '/urls/0', url: 'javascript:alert(1)', reason: 'no' },
        { pointer: '/assets/1', item: 'gone', reason: 'no' },
      ],
    }
    assert.equal(badRows(refused).length, 2)
    const change = withoutBad({ ...EMPTY_DRAFT, assets: ['flat', 'gone'] }, refused)
    assert.deepEqual(change.exclude, ['javascript:alert(1)'])
    assert.deepEqual(change.assets, ['flat'])
    assert.deepEqual(badRows(PREVIEW), [])
  })

  test('a warning beside a refusal takes nothing out', () => {
    const warning = { pointer: '/assets/1', item: 'gspdf', reason: 'forms no URL' }
    const refused: Preview = {
      ...PREVIEW,
      refusal: { code: 'unknown-asset', title: 'x', detail: 'y' },
      problems: [{ pointer: '/assets/0', item: 'gone', reason: 'no' }, warning],
      warnings: [warning],
    }
    const change = withoutBad({ ...EMPTY_DRAFT, assets: ['gone', 'gspdf'] }, refused)
    assert.deepEqual(change.assets, ['gspdf'])
    assert.deepEqual([...reasonsOf(refused)], [['gone', 'no']])
  })

  test('a row says whether visitors ever asked for it, and nothing where nobody has looked', () => {
    const entry = PREVIEW.urls[0]!
    assert.equal(seenOf(entry), '')
    assert.match(seenOf({ ...entry, served: false }), /^Never served/)
    const lastSeenAt = '2026-01-01T10:00:00.000Z'
    assert.match(seenOf({ ...entry, served: true, lastSeenAt }), /^Served, last on 1 Jan 2026/)
  })
})

const MANY = 10_000

describe('long and wrong lists in the console', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  function urls(amount: number): string[] {
    return Array.from(
      { length: amount },
      (_, at) =>
        `${desk.serve.edges[0]}/is/image/demo/flat?wid=${(at % 3000) + 1}&hei=${Math.floor(at / 3000) + 1}`,
    )
  }

  async function patchProject(change: object): Promise<void> {
    const answer = await fetch(`${desk.serve.consoleUrl}/api/v1/projects/demo`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(change),
    })
    assert.equal(answer.status, 200, await answer.text())
  }

  async function fresh(): Promise<Page> {
    const { page } = desk
    await page.goto('/projects/demo/help')
    await page.goto('/projects/demo/invalidate')
    await page.getByLabel('Add URL').waitFor()
    return page
  }

  test('Dynamic Media only: the worked example shows exactly its five rows', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?assets=spinset')
    await page.getByRole('switch', { name: 'Dynamic Media only' }).click()
    await page.getByRole('checkbox', { name: 'Smart crops' }).waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: 'Invalidation based on template' }).check()
    await page.getByRole('button', { name: 'Next' }).click()
    const rows = page
      .getByRole('region', { name: 'As Dynamic Media forms them' })
      .getByRole('listitem')
    await rows.nth(4).waitFor()
    assert.equal(
      await page.getByRole('group', { name: 'URLs to invalidate' }).getByRole('listitem').count(),
      5,
    )
    assert.equal(await page.getByRole('region', { name: 'Whole assets' }).count(), 0)
    await rows
      .first()
      .getByText(/^From template line 5\. Covers /)
      .waitFor()
    await rows
      .nth(1)
      .getByText(/^From template line 1, asset spinset\. Covers /)
      .waitFor()
    await page.getByText('edge-1').first().waitFor()
  })

  test('1,000 URLs may go, 1,001 may not: Next says how many to remove, and X removes', async () => {
    const page = await fresh()
    const list = urls(1001)
    await page.getByLabel('Add URL').fill(list.join('\n'))
    await page.getByText(/^Remove 1: the list has 1,001 URLs/).waitFor()
    const next = page.getByRole('button', { name: 'Next' })
    assert.ok(await next.isDisabled())
    await page.getByRole('button', { name: `Remove ${list[0]}`, exact: true }).click()
    await page.getByText(/^Remove 1: /).waitFor({ state: 'detached' })
    await next.click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, 1,000 URLs, /)
      .first()
      .waitFor()
  })

  test('10,000 URLs are shown in under a second, scrolled smoothly, filtered, and removed by the filter', async () => {
    const page = await fresh()
    await page.getByLabel('Add URL').focus()
    const took = await page.evaluate<number>(pasteOf(urls(MANY).join('\n')))
    assert.ok(took < 1000, `${took} ms`)
    await page.getByText('10,000 URLs entered.').waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.getByText(/^Remove 9,000: /).waitFor()
    assertSmooth(await page.evaluate<Scrolled>(scrollOf('Entered URLs')))
    // 1,111 widths up to 3,000 begin with a 1; they come three times, and 112 of them once more.
    await page.getByLabel('Filter the entered URLs').fill('wid=1')
    await page.getByRole('button', { name: /^Remove these [\d,]+$/ }).click()
    await page.getByText('6,555 URLs entered.').waitFor()
    await page.getByText(/^Remove 5,555: /).waitFor()
  })

  test('an admin raises the limit: 10,000 rows on Confirm are scrolled, filtered, taken out and put back', async () => {
    await patchProject({ maxUrlsPerInvalidation: MANY })
    const page = await fresh()
    await page.getByLabel('Add URL').focus()
    await page.evaluate(pasteOf(urls(MANY).join('\n')))
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('10,000 rows', { exact: true }).waitFor()
    assertSmooth(await page.evaluate<Scrolled>(scrollOf('Added')))
    await page.getByLabel('Filter the list').fill('wid=1')
    await page.getByRole('button', { name: /^Remove these [\d,]+$/ }).click()
    await page.getByText('3,445 rows taken out of the list.').waitFor()
    await page.getByText('6,555 rows', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Put them back' }).click()
    await page.getByText('10,000 rows', { exact: true }).waitFor()
    await patchProject({ maxUrlsPerInvalidation: 1000 })
  })

  test('each wrong row of a refused list is marked with its reason, and one click takes them out', async () => {
    const page = await fresh()
    const wrong = ['javascript:alert(1)', `${desk.serve.edges[0]}/is/image/other-company/a`]
    await page.getByLabel('Add URL').fill([...wrong, ...urls(20)].join('\n'))
    await page.getByRole('button', { name: 'Next' }).click()
    await page
      .getByText('Some URLs are not defined correctly. Please correct and re-submit.')
      .waitFor()
    await page.getByText('2 rows below are marked with what is wrong.').waitFor()
    const rows = page.getByRole('region', { name: 'Added' }).getByRole('listitem')
    await rows
      .filter({ hasText: 'javascript:alert(1)' })
      .getByText('It does not begin with http:// or https://: write the full URL.')
      .waitFor()
    await page.getByRole('switch', { name: 'Only wrong rows' }).click()
    await rows.nth(2).waitFor({ state: 'detached' })
    assert.equal(await rows.count(), 2)
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.getByRole('button', { name: 'Submit' }).click()
    await page.getByRole('alert').getByText('Nothing was purged.').waitFor()
    await page.getByRole('button', { name: 'Remove 2 wrong rows' }).click()
    await page.getByText('2 rows taken out of the list.').waitFor()
    await page.getByText('2 rows below are marked').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, 20 URLs, /)
      .first()
      .waitFor()
  })

  test('X passes the focus on to the next row, and Submit right after it sends what is left', async () => {
    const page = await fresh()
    const list = urls(5)
    await page.getByLabel('Add URL').fill(list.join('\n'))
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: `Remove ${list[1]}`, exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(list[1]!, { exact: true }).waitFor({ state: 'detached' })
    await page.locator(`[aria-label="Remove ${list[2]}"]:focus`).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, 3 URLs, /)
      .first()
      .waitFor()
  })

  test('assets to choose from come after the folders above them, and so do not move under the pointer', async () => {
    const { page } = desk
    const folders = /\/folders(?:\?|$)/
    const held = Promise.withResolvers<void>()
    await page.route(folders, async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto('/projects/demo/invalidate')
    const assets = page.waitForResponse((response) => response.url().includes('/assets?'))
    await page.getByRole('button', { name: 'Add Assets' }).click()
    await assets
    const list = page.getByRole('list', { name: 'Assets' })
    await page.getByLabel('Loading folders').waitFor()
    assert.equal(await list.count(), 0)
    held.resolve()
    await list.waitFor()
    await page.unroute(folders)
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  test('a list that could not be formed says why, and is asked for again by a button', async () => {
    const { page } = desk
    let refused = 0
    await page.route('**/invalidations/preview', async (route) => {
      refused += 1
      const problem = {
        code: 'store-unreadable',
        title: 'Failed to retrieve URL(s) for selected asset(s).',
      }
      await route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({ ...problem, status: 503, detail: 'Try again.', errors: [] }),
      })
    })
    await page.goto('/projects/demo/invalidate?assets=flat')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('Failed to retrieve URL(s) for selected asset(s).').waitFor()
    assert.ok(refused > 0)
    await page.unroute('**/invalidations/preview')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('group', { name: 'URLs to invalidate' }).waitFor()
  })

  test('Confirm says on which hosts and under which company names each row goes', async () => {
    await patchProject({ hosts: ['images.shop.example'] })
    const { page } = desk
    await page.goto('/projects/demo/invalidate?assets=flat')
    await page.getByRole('button', { name: 'Next' }).click()
    await page
      .getByText(/^Each row goes under every company name \(demo, .*images\.shop\.example/)
      .waitFor()
    assert.deepEqual(desk.findings, [])
  })
})

interface Scrolled {
  /** The most rows that were in the document at once. */
  readonly rows: number
  /** Frames in which the middle of the list showed nothing. */
  readonly blank: number
  readonly medianMs: number
}

/** Twice the rows that fit, with what is drawn beyond the edges. */
const ROWS_MAX = 80
/** Of 16.7 at 60 Hz: loose, because the machine may do other things. */
const FRAME_MS_MAX = 100

function assertSmooth({ rows, blank, medianMs }: Scrolled): void {
  assert.ok(rows < ROWS_MAX, `${rows} rows in the document`)
  assert.ok(blank < SCROLL_FRAMES / 10, `${blank} of ${SCROLL_FRAMES} frames were blank`)
  assert.ok(medianMs < FRAME_MS_MAX, `${medianMs} ms for a frame`)
}

const SCROLL_FRAMES = 60

/** Scrolls a list by a screen each frame. */
function scrollOf(label: string): string {
  return `new Promise((resolve) => {
    const box = document.querySelector('[role=group][aria-label="${label}"]')
    box.scrollIntoView({ block: 'center' })
    const gaps = []
    let [rows, blank, last] = [0, 0, performance.now()]
    const step = () => {
      const now = performance.now()
      gaps.push(now - last)
      last = now
      rows = Math.max(rows, box.querySelectorAll('li').length)
      const { left, top, height } = box.getBoundingClientRect()
      if (!document.elementFromPoint(left + 60, top + height / 2)?.closest('li')) blank++
      box.scrollTop += height
      if (gaps.length < ${SCROLL_FRAMES}) return requestAnimationFrame(step)
      gaps.sort((a, b) => a - b)
      resolve({ rows, blank, medianMs: gaps[${SCROLL_FRAMES / 2}] })
    }
    requestAnimationFrame(step)
  })`
}

/** Pastes into what has the focus; resolves to the milliseconds until a row of it is seen. */
function pasteOf(text: string): string {
  return `new Promise((resolve) => {
    const started = performance.now()
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', ${JSON.stringify(text)})
    const paste = { clipboardData, bubbles: true, cancelable: true }
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', paste))
    const look = () => {
      const row = document.querySelector('[aria-label="Entered URLs"] li')
      if (row?.getBoundingClientRect().height > 0) resolve(performance.now() - started)
      else requestAnimationFrame(look)
    }
    look()
  })`
}

function groupFrom(from: string) {
  return groupOf({ url: '', from, covers: null, served: null, lastSeenAt: null })
}
