import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { didYouMean } from '../contract/did-you-mean.ts'
import { cropNames } from '../contract/smart-crops.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { imageBase, isIneligible } from './formation.ts'
import type { CheckedLine } from './requests.ts'
import { blankTypo, typoOf } from './template-typos.ts'
import type { Remark } from './template-typos.ts'
import { ENCODED_ID, ID, expandLine, isBare, namesAsset, templateLines } from './template-lines.ts'
import type { TemplateLine } from './template-lines.ts'
import { checkUrl } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Stands for an asset when none is given, so that a line can be judged all the same. */
const SAMPLE_ID = 'sample'

export interface TemplateContext {
  readonly project: ProjectRow
  readonly known: DeliveryNames
  /** For which the lines are shown. */
  readonly assets: readonly AssetRow[]
  /** Those that lines name themselves (`namedAssets`), as far as they exist. */
  readonly named: readonly AssetRow[]
}

/** What a template would form, line by line, and what is wrong with it. Pure. */
export function checkTemplateText(text: string, context: TemplateContext): readonly CheckedLine[] {
  const { project } = context
  const ids = context.assets.filter((asset) => !isIneligible(asset)).map((asset) => asset.id)
  const seen = new Map<string, number>()
  return templateLines(text).map((line) => {
    const sample = expandLine(line, ids[0] ?? SAMPLE_ID, imageBase(project))
    const place = `${namesAsset(line)} ${sample}`
    const first = seen.get(place)
    if (first === undefined) seen.set(place, line.line)
    const remarks = first === undefined ? lineRemarks(line, sample, context) : [doubled(first)]
    return {
      line: line.line,
      text: line.text,
      problems: remarks.map(({ at, level, reason }) => ({
        column: line.indent + at + 1,
        level,
        reason,
      })),
      urls: namesAsset(line)
        ? ids.map((id) => expandLine(line, id, imageBase(project))).sort()
        : [line.text],
    }
  })
}

/** Ids of assets that lines name without `<ID>`, so that those that do not exist can be told. */
export function namedAssets(text: string, known: DeliveryNames): readonly string[] {
  const ids = templateLines(text)
    .filter((line) => !namesAsset(line))
    .flatMap((line) => {
      const checked = checkUrl(line.text, known)
      return checked.ok && checked.url.subject.kind !== 'original'
        ? [checked.url.subject.asset]
        : []
    })
  return [...new Set(ids)]
}

/** What keeps the line from being submitted is told alone: the rest would be about a line that is not meant. */
function lineRemarks(
  line: TemplateLine,
  sample: string,
  context: TemplateContext,
): readonly Remark[] {
  const { project, known } = context
  const { typed } = line
  const typo = typoOf(typed)
  if (typo) return [typo]
  if (isBare(line) && (project.publishServer === null || project.company === null)) {
    const reason = `A line that begins with ${ID} needs a publish server and a company: set them first.`
    return [{ at: 0, level: 'error', reason }]
  }
  const checked = checkUrl(sample, known)
  if (!checked.ok) {
    const { reason, part = '' } = checked
    return [{ at: Math.max(0, typed.indexOf(part)), level: 'error', reason }]
  }
  const blank = blankTypo(typed)
  return [
    ...encodedRemark(typed),
    ...(blank ? [blank] : []),
    ...presetRemarks(typed, checked.url, project),
    ...cropRemark(typed, checked.url, context),
    ...(namesAsset(line) ? [] : unknownAsset(typed, checked.url, context)),
    ...schemeRemark(line, project),
  ]
}

function warning(at: number, reason: string): Remark {
  return { at: Math.max(0, at), level: 'warning', reason }
}

function doubled(first: number): Remark {
  return warning(0, `It is the same as line ${first}: one of them is enough.`)
}

function encodedRemark(typed: string): readonly Remark[] {
  const at = typed.search(ENCODED_ID)
  return at < 0 ? [] : [warning(at, `${typed.slice(at, at + 8)} is read as ${ID}.`)]
}

function presetRemarks(typed: string, url: DeliveryUrl, project: ProjectRow): readonly Remark[] {
  const names = Object.keys(project.presets)
  const presets = new Set(names.map((name) => name.toLowerCase()))
  return url.presets
    .filter((name) => !presets.has(name))
    .map((name) => {
      const hint = didYouMean(name, names, (found) => `$${found}$`)
      const reason = `There is no preset ${name} in this project.${hint || ' Correct the name, or add the preset.'}`
      return warning(typed.toLowerCase().indexOf(`$${name}$`), reason)
    })
}

/** A crop's name stands behind the id, and is told apart by case as ids are. */
function cropRemark(
  typed: string,
  { subject }: DeliveryUrl,
  { assets, named, project }: TemplateContext,
): readonly Remark[] {
  if (subject.kind !== 'image' || subject.crop === null) return []
  const { crop } = subject
  const own = Object.assign(
    {},
    ...[...assets, ...named].map(({ crops }) => crops),
  ) as AssetRow['crops']
  const names = cropNames(project.smartCrops, own)
  if (names.includes(crop)) return []
  const sameLetters = names.find((name) => name.toLowerCase() === crop.toLowerCase())
  const hint = sameLetters ? ` Did you mean ${sameLetters}?` : didYouMean(crop, names)
  const reason = `There is no smart crop ${crop}.${hint || ' Correct the name, or add the crop.'}`
  return [warning(typed.lastIndexOf(':') + 1, reason)]
}

function unknownAsset(
  typed: string,
  { subject }: DeliveryUrl,
  { assets, named }: TemplateContext,
): readonly Remark[] {
  if (subject.kind === 'original') return []
  if ([...assets, ...named].some(({ id }) => id === subject.asset)) return []
  const reason = `There is no asset ${subject.asset}: correct the id. The URL of one that is gone may stay.`
  const path = typed.split('?')[0]!
  return [warning(path.lastIndexOf('/', path.length - 2) + 1, reason)]
}

/** Both schemes are purged alike here; elsewhere they are two entries, which is why people list both. */
function schemeRemark(line: TemplateLine, { publishServer }: ProjectRow): readonly Remark[] {
  const own = /^https?/i.exec(publishServer ?? '')?.[0]?.toLowerCase()
  const used = isBare(line) ? undefined : /^https?/i.exec(line.typed)?.[0]?.toLowerCase()
  if (own === undefined || used === undefined || own === used) return []
  return [warning(0, `It says ${used}, the publish server ${own}: here both are purged together.`)]
}
