import { TEMPLATE_LENGTH_MAX, TEMPLATE_LINES_MAX } from '../contract/api/shapes.ts'
import type { ProjectRow, TemplateVersionRow } from '../store/store.ts'
import { AssetsError } from './errors.ts'
import { projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'

/** The project's CDN invalidation template: what was typed is kept as it is, with who saved it and when. */

export interface TemplateSave {
  readonly project: string
  readonly text: string
  readonly by: string
  /** The version that was edited; without one it is saved over whatever is there. */
  readonly expectedVersion: number | undefined
}

/** What is in it is never a reason not to save it: a template under construction is a template too. */
export async function putTemplate(parts: LibraryParts, save: TemplateSave): Promise<ProjectRow> {
  checkSize(save.text)
  return parts.locks.run(save.project, async () => {
    const before = await projectOf(parts, save.project)
    if (save.expectedVersion !== undefined && save.expectedVersion !== before.templateVersion) {
      throw await changedMeanwhile(parts, before, save.text)
    }
    return commitTemplate(parts, before, save)
  })
}

/** The text of an older version becomes the newest one. */
export async function restoreTemplate(
  parts: LibraryParts,
  ask: Omit<TemplateSave, 'text'> & { readonly version: number },
): Promise<ProjectRow> {
  const { text } = await templateVersion(parts, ask.project, ask.version)
  return putTemplate(parts, { ...ask, text })
}

export async function templateVersion(
  parts: LibraryParts,
  project: string,
  version: number,
): Promise<TemplateVersionRow> {
  await projectOf(parts, project)
  const versions = await parts.store.tables.projects.templateVersions(project)
  const found = versions.find((each) => each.version === version)
  if (found) return found
  throw new AssetsError('unknown-version', `The template has no version ${version} any more.`)
}

async function commitTemplate(
  parts: LibraryParts,
  before: ProjectRow,
  { project, text, by }: TemplateSave,
): Promise<ProjectRow> {
  const version = before.templateVersion + 1
  const change = { template: text, templateVersion: version }
  const saved = { version, text, savedAt: parts.clock.wall(), savedBy: by }
  await parts.store.transaction('durable', async (tx) => {
    await tx.projects.update(project, change)
    await tx.projects.addTemplateVersion(project, saved)
  })
  return { ...before, ...change }
}

async function changedMeanwhile(
  parts: LibraryParts,
  { id, template, templateVersion: version }: ProjectRow,
  yours: string,
): Promise<AssetsError> {
  const [newest] = await parts.store.tables.projects.templateVersions(id)
  const who = newest?.version === version ? newest : null
  return new AssetsError(
    'template-changed',
    `${who?.savedBy ?? 'Somebody else'} saved the template meanwhile: compare both, then save again.`,
    {
      conflict: {
        yours,
        theirs: {
          text: template,
          version,
          savedAt: who ? new Date(who.savedAt).toISOString() : null,
          savedBy: who?.savedBy ?? null,
        },
      },
    },
  )
}

function checkSize(text: string): void {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '').length
  const reason =
    text.length > TEMPLATE_LENGTH_MAX
      ? `A template has at most ${TEMPLATE_LENGTH_MAX} characters.`
      : lines > TEMPLATE_LINES_MAX
        ? `A template has at most ${TEMPLATE_LINES_MAX} lines; this one has ${lines}.`
        : null
  if (reason === null) return
  throw new AssetsError('bad-settings', reason, { errors: [{ pointer: '/text', reason }] })
}
