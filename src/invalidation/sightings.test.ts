import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Selection } from '../contract/invalidation.ts'
import { sightingsOf } from './sightings.ts'
import type { Sighted } from './sightings.ts'
import { PROJECT, image, pdf, selected, withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'
import { checkServedUrl, deliveryNames } from './url-check.ts'

/** Confirm says of each row whether visitors ever asked for what it stands for. */

const SERVER = 'http://my.publishserver.com:8080'
const IMAGE = `${SERVER}/is/image/dms7snapshot`
const names = deliveryNames(PROJECT, [])

/** As an edge tells of it. */
async function seen(bench: Workbench, at: number, ...urls: readonly string[]): Promise<void> {
  const told = urls.map((url) => {
    const checked = checkServedUrl(url, names)
    assert.ok(checked.ok, url)
    const { subject, target } = checked.url
    const name =
      subject.kind === 'original'
        ? `original:demo/${subject.original}`
        : `asset:demo/${subject.asset}`
    return { project: 'demo', subject: name, url, target }
  })
  await bench.store.transaction('volatile', (tx) => tx.served.record(told, at))
}

function everyQuery(id: string): Sighted {
  return { kind: 'path', subject: `asset:demo/${id}`, target: `/~/image/demo/${id}` }
}

async function rows(bench: Workbench, part: Partial<Selection>) {
  const { urls } = await bench.invalidations.preview('demo', selected(part))
  return urls.map(({ url, served, lastSeenAt }) => [
    url.replace(`${IMAGE}/`, ''),
    served,
    lastSeenAt === null ? null : Date.parse(lastSeenAt),
  ])
}

describe('each row of a preview says whether it was ever served', () => {
  test(
    'in any spelling, format, version and host',
    withBench(async (bench) => {
      await bench.setProject({ presets: { Thumb: 'wid=9', large: 'wid=99' } })
      await seen(bench, 1000, `${IMAGE}/a?$thumb$&fmt=webp`, `${IMAGE}/a?$THUMB$&id=5`)
      await seen(bench, 2000, 'http://img.shop.example/is/image/alias/a?$Thumb$&qlt=50')
      assert.deepEqual(await rows(bench, { assets: ['a', 'b'], presets: true }), [
        // Without a query it stands for its path with all queries.
        ['a', true, 2000],
        ['a?$Thumb$', true, 2000],
        ['a?$large$', false, null],
        ['b', false, null],
        ['b?$Thumb$', false, null],
        ['b?$large$', false, null],
      ])
    }),
  )

  test(
    'also where rows are for information, because the asset goes as a whole',
    withBench(async (bench) => {
      await seen(bench, 1000, `${IMAGE}/a?wid=5`)
      const found = await rows(bench, { assets: ['a', 'b'], renditions: true })
      assert.deepEqual(found, [
        ['a', true, 1000],
        ['b', false, null],
      ])
    }),
  )

  test(
    'crops, content, originals, folders and everything',
    withBench(async (bench) => {
      await bench.put(pdf('docs/m.pdf'), image('shoes/red'))
      const empty = { folders: ['shoes'], originals: ['sample.li/x.jpg'], everything: true }
      assert.deepEqual(await rows(bench, empty), [
        ['/sample.li/x.jpg', false, null],
        ['shoes/*', false, null],
        ['/*', false, null],
      ])
      await seen(
        bench,
        1000,
        `${IMAGE}/a:Large?wid=5`,
        `${SERVER}/is/content/dms7snapshot/docs/m.pdf`,
      )
      await seen(bench, 3000, `${SERVER}/_t/doc/sample.li/x.jpg?w=5`, `${IMAGE}/shoes/red`)
      assert.deepEqual(await rows(bench, empty), [
        ['/sample.li/x.jpg', true, 3000],
        ['shoes/*', true, null],
        ['/*', true, null],
      ])
      const found = await rows(bench, { assets: ['a', 'docs/m.pdf'], crops: true, content: true })
      assert.deepEqual(
        found.map(([url, served]) => `${url} ${served}`),
        [`${SERVER}/is/content/dms7snapshot/docs/m.pdf true`, 'a false', 'a:Large true'].concat([
          'a:Medium false',
          'a:Small false',
        ]),
      )
    }),
  )

  test(
    'a row that is no URL says nothing of it',
    withBench(async (bench) => {
      assert.deepEqual(await rows(bench, { urls: ['nonsense', `${IMAGE}/a`] }), [
        ['a', false, null],
        ['nonsense', null, null],
      ])
    }),
  )

  test(
    'what would take too long is not looked through, and not said to be unserved',
    withBench(async ({ store, ...bench }) => {
      await seen({ store, ...bench }, 1000, ...['a', 'b', 'c'].map((id) => `${IMAGE}/${id}?wid=1`))
      const ids = ['A', 'a', 'b', 'c', 'd']
      const found = await sightingsOf(store.tables.served, 'demo', ids.map(everyQuery), 2)
      assert.deepEqual(
        found.map(({ served }) => served),
        [false, true, true, null, null],
      )
    }),
  )
})
