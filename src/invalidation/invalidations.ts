import type { Invalidation, Selection } from '../contract/invalidation.ts'
import type { InvalidationFilter, Page, PageRequest, Tables } from '../store/store.ts'
import type {
  CheckedLine,
  EvidenceExport,
  Preview,
  RecordedChange,
  SubmitRequest,
  Submitted,
} from './requests.ts'

export type {
  CheckedLine,
  EvidenceExport,
  Preview,
  PreviewTarget,
  PreviewUrl,
  RecordedChange,
  SubmitRequest,
  Submitted,
} from './requests.ts'

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
