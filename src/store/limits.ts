/** Limits that every implementation of the store keeps in the same way. */

/** URLs remembered per asset or original: above it the oldest sightings go. More would never be looked through by a person. */
export const SERVED_URLS_PER_SUBJECT_MAX = 1000

/** Entries of the purge log kept for nodes that come back; one that is further behind starts empty, which is safe. */
export const LOG_ENTRIES_KEPT = 1_000_000

/** Of these, entries of long lists kept: 256 MB, some four million URLs. */
export const PACKED_ENTRIES_KEPT = 4096

/** URLs of one invalidation that `q` searches: the search index costs more to write than the list itself. */
export const SEARCHED_URLS_MAX = 1000

/** Browsers of one person that stay signed in; above it the oldest session ends. */
export const SESSIONS_PER_ACCOUNT_MAX = 100

/** Saved templates of a project: enough to find who changed what, little enough that a hundred long ones are a few megabytes. */
export const TEMPLATE_VERSIONS_MAX = 100
