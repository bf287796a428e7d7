import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { systemRandom } from '../src/kernel/random.ts'
import { openSqliteStore } from '../src/store/sqlite-store.ts'
import type { AssetRow } from '../src/store/store.ts'
import type { Figure } from './figure.ts'
import { delayFigure, startMeasured, timeFigure } from './measured-control.ts'

/**
 * Search and folders of a large library, asked over HTTP as the console asks. Measured at the client, so the server's time is below
 * it; each query is another one.
 */
const ASSETS = Number(process.env['BENCH_LIBRARY_ASSETS'] ?? 100_000)
const QUERIES = 200
const PER_COMMIT = 10_000
const BRANDS = ['acme', 'borealis', 'cirrus', 'delta', 'ember', 'fjord', 'granite', 'halo']

export async function libraryFigures(): Promise<readonly Figure[]> {
  const data = await mkdtemp(path.join(tmpdir(), 'sluice-library-'))
  try {
    await (await startMeasured(data)).stop()
    await seed(path.join(data, 'control.sqlite'))
    const control = await startMeasured(data)
    try {
      await control.ask(['/assets', '/assets?q=nothing'])
      await control.loopDelay()
      const found = await control.ask(searches())
      const delay = await control.loopDelay()
      const name = `library of ${ASSETS.toLocaleString('en')} assets`
      return [
        timeFigure(`${name}, search`, found, 'all different'),
        timeFigure(`${name}, folders and their assets`, await control.ask(folders()), 'the same'),
        delayFigure('searches of the library', delay),
      ]
    } finally {
      await control.stop()
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

/** What many have, what one has, what nobody has, in capitals, with filters. */
function* searches(): Generator<string> {
  for (let at = 0; at < QUERIES; at++) {
    const texts = [
      BRANDS[at % BRANDS.length]!.toUpperCase(),
      idOf(Math.floor((ASSETS / QUERIES) * at)),
      `picture-${at * 37}`,
      `no such thing ${at}`,
      `${at % 10}-${at}`,
    ]
    const filters = ['', '&kind=image', '&published=false', `&folder=${BRANDS[at % 8]}`]
    const q = encodeURIComponent(texts[at % texts.length]!)
    yield `/assets?limit=50&q=${q}${filters[at % filters.length]}`
  }
}

function* folders(): Generator<string> {
  for (let at = 0; at < QUERIES; at++) {
    const brand = BRANDS[at % BRANDS.length]!
    const line = `${brand}/line-${at % 25}`
    const kinds = ['/folders', `/folders?parent=${brand}`, `/folders?parent=${line}`]
    const pages = [`/assets?folder=${brand}`, `/assets?folder=${line}`, '/assets?kind=document']
    const all = [...kinds, ...pages]
    yield all[at % all.length]!
  }
}

function idOf(n: number): string {
  return `${BRANDS[n % BRANDS.length]}/line-${n % 25}/season-${n % 4}/picture-${n}`
}

async function seed(file: string): Promise<void> {
  const store = await openSqliteStore(file, { random: systemRandom })
  for (let from = 0; from < ASSETS; from += PER_COMMIT) {
    await store.transaction('volatile', async (tx) => {
      for (let n = from; n < Math.min(ASSETS, from + PER_COMMIT); n++) await tx.assets.put(rowOf(n))
    })
  }
  await store.close()
}

function rowOf(n: number): AssetRow {
  const image = n % 20 !== 0
  return {
    project: 'demo',
    id: idOf(n),
    kind: image ? 'image' : 'document',
    mediaType: image ? 'image/jpeg' : 'application/pdf',
    published: n % 10 !== 0,
    version: 1,
    hash: n.toString(16).padStart(64, '0'),
    bytes: 1000 + n,
    width: image ? 1600 : null,
    height: image ? 1200 : null,
    location: { kind: 'blob' },
    crops: {},
    modifiedAt: n,
  }
}
