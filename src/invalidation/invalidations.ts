import { isFinal } from '../contract/invalidation.ts'
import type { Invalidation, Selection } from '../contract/invalidation.ts'
import type { InvalidationFilter, Page, PageRequest, Tables } from '../store/store.ts'
import { toInvalidation } from '../store/invalidation-rows.ts'
import { cancel, evidence, knownRow, retry } from './actions.ts'
import { NO_SELECTION, createAutomatic } from './automatic.ts'
import { createBulkSubmit } from './bulk-submit.ts'
import { createEvents } from './events.ts'
import { gather, projectRow } from './gather.ts'
import type { InvalidationParts } from './parts.ts'
import { createPreviewMemory, preview } from './preview.ts'
import { Runner } from './runner.ts'
import { submit } from './submit.ts'
import { checkTemplateText, namedAssets } from './template-check.ts'
import { createUpkeep } from './upkeep.ts'
import type {
  BulkRequest,
  CheckedLine,
  EvidenceExport,
  Preview,
  RecordedChange,
  SubmitRequest,
  Submitted,
} from './requests.ts'

export type {
  BulkRequest,
  CheckedLine,
  EvidenceExport,
  Preview,
  PreviewTarget,
  PreviewUrl,
  RecordedChange,
  SubmitRequest,
  Submitted,
} from './requests.ts'
export type { InvalidationParts } from './parts.ts'

/**
 * Invalidations: what people, scripts and changes of assets ask for, carried out until it is Done or has failed with a
 * reason. Whatever is refused rejects with an `InvalidationError` (code, status, title, publicMessage, errors), and has
 * purged nothing.
 */
export interface Invalidations {
  /** What would go. Never refuses because of the selection: `refusal` says what submit would answer. */
  preview(project: string, selection: Selection): Promise<Preview>
  /** Resolves when it is on disk and in the purge log (or scheduled); carrying it out goes on by itself. */
  submit(project: string, request: SubmitRequest): Promise<Submitted>
  /** The same for a long list, as a stream: the same checks, all or nothing. */
  submitBulk(project: string, request: BulkRequest): Promise<Submitted>
  /** From ERROR and ERROR_CDN_NODE only; same id, new seq, history kept. */
  retry(project: string, id: string): Promise<Invalidation>
  /** From Scheduled only. */
  cancel(project: string, id: string): Promise<Invalidation>
  get(project: string, id: string): Promise<Invalidation>
  list(project: string, filter: InvalidationFilter, page: PageRequest): Promise<Page<Invalidation>>
  urls(project: string, id: string, page: PageRequest): Promise<Page<string>>
  evidence(project: string, id: string): Promise<EvidenceExport>
  /** What each line of a template would form, and what is wrong with it. `assets` may be empty. */
  checkTemplate(
    project: string,
    text: string,
    assets: readonly string[],
  ): Promise<readonly CheckedLine[]>

  /**
   * Calls `listener` at each change of one invalidation, or of all of a project when `id` is null, until the returned function
   * is called. The state at the start is not sent: `get` it after subscribing.
   */
  subscribe(
    project: string,
    id: string | null,
    listener: (invalidation: Invalidation) => void,
  ): () => void

  /**
   * Adds a change of an asset to the automatic invalidation of its project (nothing when the project has that switched off).
   * Called inside the transaction of the change; changes of one second become one invalidation.
   */
  recordChange(tx: Tables, change: RecordedChange): Promise<void>

  /** Takes up what a crash or another process left unfinished, and begins to look for what is due. */
  start(): Promise<void>
  /** Stops at a safe point; what is unfinished goes on at the next start. */
  stop(): Promise<void>
}

export function createInvalidations(given: InvalidationParts): Invalidations {
  const events = createEvents(given.log)
  const previews = createPreviewMemory()
  const upkeep = createUpkeep(given)
  const automatic = createAutomatic({ ...given, events, runner: () => runner })
  const runner: Runner = new Runner(given, events, async () => {
    await automatic.invalidateDue()
    await upkeep()
  })
  const parts = { ...given, events, previews, runner }
  const { tables } = given.store

  return {
    preview: (project, selection) => preview(parts, previews, project, selection),
    submit: (project, request) => submit(parts, project, request),
    submitBulk: createBulkSubmit(parts),
    retry: (project, id) => retry(parts, project, id),
    cancel: (project, id) => cancel(parts, project, id),
    async get(project, id) {
      const row = await knownRow(tables, project, id)
      const running = isFinal(row.status) ? undefined : runner.shown(id)
      return running ?? toInvalidation(row)
    },
    list: (project, filter, page) => tables.invalidations.list(project, filter, page),
    async urls(project, id, page) {
      await knownRow(tables, project, id)
      return tables.invalidations.urls(project, id, page)
    },
    evidence: (project, id) => evidence(tables, project, id),
    async checkTemplate(project, text, assets) {
      const row = await projectRow(tables, project)
      const { known, assets: rows } = await gather(given, row, { ...NO_SELECTION, assets })
      const named = await tables.assets.getMany(project, namedAssets(text, known))
      return checkTemplateText(text, { project: row, known, assets: rows, named })
    },
    subscribe: (project, id, listener) => events.subscribe(project, id, listener),
    recordChange: (tx, change) => automatic.record(tx, change),
    start: () => runner.start(),
    async stop() {
      await automatic.stop()
      await runner.stop()
    },
  }
}
