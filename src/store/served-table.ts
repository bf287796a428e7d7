import type { ServedUrl } from '../contract/node-protocol.ts'
import type { Page, PageRequest } from './page.ts'

/** URLs known to have been served, bounded per subject: the oldest sightings go first. */
export interface ServedTable {
  record(urls: readonly ServedUrl[], at: number): Promise<void>
  /** How many are known of a subject, and which of these URLs. */
  known(
    project: string,
    subject: string,
    urls: readonly string[],
  ): Promise<{ readonly count: number; readonly urls: readonly string[] }>
  /** How often each was served, about; those that are left out were served once. */
  times(project: string, subject: string): Promise<ReadonlyMap<string, number>>
  /** Key texts of which URLs are known, in order. */
  subjects(project: string, page: PageRequest): Promise<Page<string>>
  /** Those of which a URL is known that has a watermark, or one of Cloudimage's presets, which may; in order. */
  marked(project: string, page: PageRequest): Promise<Page<string>>
  /** Newest sighting first. `subject` is the key text of an asset or original. */
  list(
    project: string,
    subject: string,
    page: PageRequest,
  ): Promise<Page<{ url: string; target: string; lastSeenAt: number }>>
  /** Renditions known to have been served with a preset (in lower case), and how many assets they are of. */
  usage(project: string, preset: string): Promise<{ renditions: number; assets: number }>
  /** When canonical targets of these subjects were last asked for, subject by subject in order; `limit` of them at most. */
  sightings(
    project: string,
    subjects: readonly string[],
    limit: number,
  ): Promise<readonly SightingRow[]>
  /** URLs of these subjects, subject by subject in order; `limit` of them at most. */
  urls(
    project: string,
    subjects: readonly string[],
    limit: number,
  ): Promise<readonly { readonly subject: string; readonly url: string }[]>
  /** Is anything known of a subject whose key text begins so? */
  anyBelow(project: string, prefix: string): Promise<boolean>
}

export interface SightingRow {
  readonly subject: string
  readonly target: string
  readonly lastSeenAt: number
}
