import type { AssetRow, ProjectRow } from '../store/store.ts'
import { imageBase, isIneligible } from './formation.ts'
import type { CheckedLine } from './requests.ts'
import { expandLine, isBare, namesAsset, templateLines } from './template-lines.ts'
import type { TemplateLine } from './template-lines.ts'
import { checkUrl } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Stands for an asset when none is given, so that a line can be judged all the same. */
const SAMPLE_ID = 'sample'

type LineProblem = CheckedLine['problems'][number]

/** What a template would form, line by line, and what is wrong with it. Pure. */
export function checkTemplateText(
  text: string,
  project: ProjectRow,
  assets: readonly AssetRow[],
  known: DeliveryNames,
): readonly CheckedLine[] {
  const ids = assets.filter((asset) => !isIneligible(asset)).map((asset) => asset.id)
  return templateLines(text).map((line) => ({
    line: line.line,
    text: line.text,
    problems: lineProblems(line, project, ids[0] ?? SAMPLE_ID, known),
    urls: namesAsset(line)
      ? ids.map((id) => expandLine(line, id, imageBase(project))).sort()
      : [line.text],
  }))
}

function lineProblems(
  line: TemplateLine,
  project: ProjectRow,
  id: string,
  known: DeliveryNames,
): readonly LineProblem[] {
  const lowerCase = /<id>/i.exec(line.text)
  if (lowerCase && lowerCase[0] !== '<ID>') {
    return [error(lowerCase.index, `${lowerCase[0]} is not replaced: write <ID> in capitals.`)]
  }
  if (isBare(line) && (project.publishServer === null || project.company === null)) {
    const reason =
      'A line that begins with <ID> needs a publish server and a company: set them first.'
    return [error(0, reason)]
  }
  const checked = checkUrl(expandLine(line, id, imageBase(project)), known)
  if (!checked.ok) return [error(0, checked.reason)]
  const presets = new Set(Object.keys(project.presets).map((name) => name.toLowerCase()))
  return checked.url.presets
    .filter((name) => !presets.has(name))
    .map((name) => ({
      column: Math.max(0, line.text.toLowerCase().indexOf(`$${name}$`)) + 1,
      level: 'warning' as const,
      reason: `There is no preset ${name} in this project: correct the name, or add the preset.`,
    }))
}

function error(index: number, reason: string): LineProblem {
  return { column: index + 1, level: 'error', reason }
}
