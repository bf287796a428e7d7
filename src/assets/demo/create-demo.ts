import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import type { AssetRow, ProjectRow, Store } from '../../store/store.ts'
import type { Assets } from '../assets.ts'
import { AssetsError } from '../errors.ts'
import type { Demo, DemoSettings } from './demo.ts'
import { DEMO_IDS } from '../../contract/demo-ids.ts'
import type { DemoId } from '../../contract/demo-ids.ts'
import { drawAsset } from './drawings.ts'
import { DemoOrigin } from './origin-server.ts'

export interface DemoParts {
  readonly assets: Assets
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly project: string
}

/** Who made the first versions. */
const BY = 'Sluice demo'

const ORIGIN_HOST = 'sample.li'
const TOKEN = 'doc'

const PRESETS = {
  thumbnail: 'wid=200&qlt=80',
  product: 'wid=600&hei=600&qlt=85',
  large: 'wid=1400&qlt=90',
  'pdp-main': 'wid=900&hei=900&fmt=jpeg&qlt=85&op_usm=1.0,0.5,4,0',
} as const

/** Drawings at once: each is one thread's work, and a small machine has two. */
const DRAWINGS_AT_ONCE = 3

export function createDemo(parts: DemoParts): Demo {
  const { project, store } = parts
  const origin = new DemoOrigin(parts.clock)
  let port: number | null = null
  const known = (): Promise<ProjectRow | undefined> => store.tables.projects.get(project)

  const demo: Demo = {
    project,
    ids: DEMO_IDS,
    async made() {
      const row = await known()
      return row !== undefined && isDemo(row)
    },
    async startOrigin() {
      port ??= await origin.start(knownPort(await known()))
      return { port }
    },
    async seed(settings) {
      const { port: at } = await demo.startOrigin()
      const before = await known()
      if (before) await follow(parts, before, settings, at)
      else await makeProject(parts, settings, at)
      await drawMissing(parts)
      return before === undefined
    },
    replace: (id, by) => replaceAsset(parts, id, by),
    replaceOriginals: () => origin.replace(),
    stop: () => origin.stop(),
  }
  return demo
}

/** A demo that a first start did not finish drawing is one too. */
function isDemo({ tokens, origins, assetSource }: ProjectRow): boolean {
  const library = assetSource.kind === 'library'
  return library && tokens.includes(TOKEN) && origins.some(({ host }) => host === ORIGIN_HOST)
}

async function makeProject(
  { assets, project }: DemoParts,
  { publishServer }: DemoSettings,
  port: number,
): Promise<void> {
  await assets.createProject(project, {
    company: project,
    aliases: [`${project}-shop`],
    publishServer,
    tokens: [...new Set([TOKEN, project.toLowerCase().replaceAll('_', '-')])],
    origins: [originRule(port)],
    originAliases: { _sample_: ORIGIN_HOST },
    // Off, so that one sees the edges keep the old picture until somebody invalidates.
    automaticInvalidation: false,
  })
  for (const [name, modifiers] of Object.entries(PRESETS)) {
    await assets.putPreset(project, name, modifiers)
  }
  await assets.putTemplate(project, template(project, publishServer), BY)
}

/** Ports may be others after each start; what people set themselves stays. */
async function follow(
  { assets }: DemoParts,
  before: ProjectRow,
  { publishServer }: DemoSettings,
  port: number,
): Promise<void> {
  const own = before.publishServer
  const moved = own !== null && own !== publishServer && isLoopback(own)
  await assets.updateProject(before.id, {
    origins: before.origins.map((rule) => (rule.host === ORIGIN_HOST ? originRule(port) : rule)),
    ...(moved ? { publishServer } : {}),
  })
  if (moved && before.template === template(before.id, own)) {
    await assets.putTemplate(
      before.id,
      template(before.id, publishServer),
      BY,
      before.templateVersion,
    )
  }
}

function originRule(port: number): ProjectRow['origins'][number] {
  return {
    host: ORIGIN_HOST,
    scheme: 'http',
    connectTo: `127.0.0.1:${port}`,
    allowPrivate: true,
  }
}

/** The port of the last start, so that cached originals stay what they are. */
function knownPort(row: ProjectRow | undefined): number {
  const rule = row?.origins.find((one) => one.host === ORIGIN_HOST)
  return Number(/^127\.0\.0\.1:(\d+)$/.exec(rule?.connectTo ?? '')?.[1] ?? 0)
}

function isLoopback(server: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(URL.parse(server)?.hostname ?? '')
}

/** The five forms of Adobe's worked example ("Invalidate your CDN cached content"): five URLs for `spinset`. */
function template(company: string, publishServer: string): string {
  const otherScheme = publishServer.startsWith('https:')
    ? publishServer.replace('https:', 'http:')
    : publishServer.replace('http:', 'https:')
  return [
    '<ID>',
    '<ID>?$pdp-main$',
    '<ID>?scl=1&qlt=100',
    `${otherScheme}/is/image/${company}/<ID>`,
    `${publishServer}/is/content/${company}/gspdf`,
  ].join('\n')
}

/** What was drawn once is not drawn again, also not when somebody deleted it. */
async function drawMissing(parts: DemoParts): Promise<void> {
  const { assets, project, clock, log } = parts
  const begun = clock.now()
  const missing: DemoId[] = []
  for (const id of DEMO_IDS) {
    const versions = await parts.store.tables.assets.versions(project, id)
    if (versions.length === 0) missing.push(id)
  }
  if (missing.length === 0) return
  const waiting = missing.values()
  const worker = async (): Promise<void> => {
    for (const id of waiting) {
      await assets.put({ project, id, by: BY }, inOnePiece(await drawAsset(id, 1)))
    }
  }
  await Promise.all(Array.from({ length: DRAWINGS_AT_ONCE }, worker))
  log.info({ project, assets: missing.length, ms: clock.now() - begun }, 'the demo was drawn')
}

/** The drawing bears the number that the library gives it. */
async function replaceAsset(parts: DemoParts, id: string, by: string): Promise<AssetRow> {
  const { assets, project, store } = parts
  const known = DEMO_IDS.find((one) => one === id)
  if (!known) {
    throw new AssetsError('not-a-demo-asset', `“${id}” is not drawn by the demo: upload a file.`)
  }
  const versions = await store.tables.assets.versions(project, known)
  const next = Math.max(0, ...versions.map((entry) => entry.version)) + 1
  const drawn = await drawAsset(known, next)
  return (await assets.put({ project, id: known, by }, inOnePiece(drawn))).asset
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
