import {
  QueryClient,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
} from '@tanstack/react-query'
import { isFinal } from '../../src/contract/invalidation.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { api } from './api.ts'
import type { AssetSearch, LogSearch } from './api.ts'
import { browser } from './browser.ts'
import { connection } from './connection.ts'

/** What the console reads from the API, under which names it keeps it, and how long that counts as current. */

/** Live events bring most news at once; this only bounds what they cannot tell. */
const STALE_MS = 5_000
/** For what no event announces: nodes and copies. */
const WATCH_MS = 3_000
/** After a replacement people wait for this answer; it costs control a few milliseconds. */
const COPIES_MS = 1_000
/** A safety net for a running invalidation, should its events break off. */
const RUNNING_MS = 1_500

export const ASSETS_PER_PAGE = 48
export const LOG_PER_PAGE = 50

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      retry: false,
      refetchOnWindowFocus: true,
      // Being without a network is told by the banner, not by waiting in silence; Sluice may be on this very machine.
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
})

connection.onRecovery(() => void queryClient.invalidateQueries())

const of = (project: string, ...rest: unknown[]): readonly unknown[] => [
  'project',
  project,
  ...rest,
]

export const keys = {
  me: ['me'] as const,
  project: (project: string) => of(project),
  assets: (project: string) => of(project, 'assets'),
  log: (project: string) => of(project, 'log'),
  overview: (project: string) => of(project, 'overview'),
  settings: (project: string) => of(project, 'settings'),
  presets: (project: string) => of(project, 'presets'),
  template: (project: string) => of(project, 'template'),
  members: (project: string) => of(project, 'members'),
  targets: (project: string) => of(project, 'targets'),
  apiKeys: (project: string) => of(project, 'keys'),
  invalidation: (project: string, id: string) => of(project, 'invalidation', id),
  live: (project: string) => of(project, 'live'),
  copies: (project: string) => of(project, 'copies'),
} as const

export const queries = {
  me: () => queryOptions({ queryKey: keys.me, queryFn: ({ signal }) => api.me(signal) }),

  project: (project: string) =>
    queryOptions({
      queryKey: keys.settings(project),
      queryFn: ({ signal }) => api.project(project, signal),
    }),

  overview: (project: string) =>
    queryOptions({
      queryKey: keys.overview(project),
      queryFn: ({ signal }) => api.overview(project, signal),
      refetchInterval: WATCH_MS,
    }),

  assets: (project: string, search: AssetSearch) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'list', search],
      queryFn: ({ signal }) => api.assets(project, search, signal),
      placeholderData: keepPreviousData,
    }),

  /** The same in pages, for lists that can be long. */
  assetPages: (project: string, search: AssetSearch) =>
    infiniteQueryOptions({
      queryKey: [...keys.assets(project), 'pages', search],
      queryFn: ({ signal, pageParam }) =>
        api.assets(project, { ...search, limit: ASSETS_PER_PAGE, cursor: pageParam }, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      placeholderData: keepPreviousData,
    }),

  folders: (project: string, parent: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'folders', parent],
      queryFn: ({ signal }) => api.folders(project, parent, signal),
      placeholderData: keepPreviousData,
    }),

  asset: (project: string, id: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'one', id],
      queryFn: ({ signal }) => api.asset(project, id, signal),
    }),

  versions: (project: string, id: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'versions', id],
      queryFn: ({ signal }) => api.versions(project, id, signal),
    }),

  crops: (project: string, id: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'crops', id],
      queryFn: ({ signal }) => api.crops(project, id, signal),
    }),

  renditions: (project: string, id: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'renditions', id],
      queryFn: ({ signal }) => api.renditions(project, id, signal),
    }),

  copies: (project: string, id: string) =>
    queryOptions({
      queryKey: [...keys.copies(project), id],
      queryFn: ({ signal }) => api.copies(project, id, signal),
      staleTime: 0,
      refetchInterval: COPIES_MS,
    }),

  folderProblems: (project: string) =>
    queryOptions({
      queryKey: [...keys.assets(project), 'problems'],
      queryFn: ({ signal }) => api.folderProblems(project, signal),
    }),

  presets: (project: string) =>
    queryOptions({
      queryKey: keys.presets(project),
      queryFn: ({ signal }) => api.presets(project, signal),
    }),

  template: (project: string) =>
    queryOptions({
      queryKey: keys.template(project),
      queryFn: ({ signal }) => api.template(project, signal),
    }),

  templateVersions: (project: string) =>
    queryOptions({
      queryKey: [...keys.template(project), 'versions'],
      queryFn: ({ signal }) => api.templateVersions(project, signal),
    }),

  templateVersion: (project: string, version: number) =>
    queryOptions({
      queryKey: [...keys.template(project), 'version', version],
      queryFn: ({ signal }) => api.templateVersion(project, version, signal),
    }),

  presetUsage: (project: string, name: string) =>
    queryOptions({
      queryKey: [...keys.presets(project), 'usage', name],
      queryFn: ({ signal }) => api.presetUsage(project, name, signal),
      staleTime: 0,
    }),

  targets: (project: string) =>
    queryOptions({
      queryKey: keys.targets(project),
      queryFn: ({ signal }) => api.targets(project, signal),
    }),

  members: (project: string) =>
    queryOptions({
      queryKey: keys.members(project),
      queryFn: ({ signal }) => api.members(project, signal),
    }),

  apiKeys: (project: string) =>
    queryOptions({
      queryKey: keys.apiKeys(project),
      queryFn: ({ signal }) => api.keys(project, signal),
    }),

  nodes: () =>
    queryOptions({
      queryKey: ['nodes'],
      queryFn: ({ signal }) => api.nodes(signal),
      refetchInterval: WATCH_MS,
    }),

  log: (project: string, search: LogSearch) =>
    queryOptions({
      queryKey: [...keys.log(project), search],
      queryFn: ({ signal }) => api.invalidations(project, search, signal),
      placeholderData: keepPreviousData,
    }),

  logPages: (project: string, search: LogSearch) =>
    infiniteQueryOptions({
      queryKey: [...keys.log(project), 'pages', search],
      queryFn: ({ signal, pageParam }) =>
        api.invalidations(project, { ...search, limit: LOG_PER_PAGE, cursor: pageParam }, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      placeholderData: keepPreviousData,
    }),

  invalidationUrls: (project: string, id: string) =>
    infiniteQueryOptions({
      queryKey: [...keys.invalidation(project, id), 'urls'],
      queryFn: ({ signal, pageParam }) => api.invalidationUrls(project, id, pageParam, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
    }),

  invalidation: (project: string, id: string) =>
    queryOptions({
      queryKey: keys.invalidation(project, id),
      queryFn: ({ signal }) => api.invalidation(project, id, signal),
      refetchInterval: ({ state }) =>
        state.data === undefined || isFinal(state.data.status) ? false : RUNNING_MS,
    }),

  original: (project: string, path: string) =>
    queryOptions({
      queryKey: [...keys.live(project), 'original', path],
      queryFn: ({ signal }) => api.original(project, path, signal),
    }),

  live: (project: string, url: string) =>
    queryOptions({
      queryKey: [...keys.live(project), url],
      queryFn: ({ signal }) => api.live(project, url, signal),
      staleTime: 0,
    }),
} as const

/** An invalidation changed: it is shown at once, and what else shows it is asked for again. */
export function tellInvalidation(project: string, invalidation: Invalidation): void {
  queryClient.setQueryData<Invalidation>(keys.invalidation(project, invalidation.id), (known) =>
    newerOf(known, invalidation),
  )
  refreshSoon(project, 'lists')
  if (isFinal(invalidation.status)) refreshSoon(project, 'caches')
}

/** The answer to Submit may come after the event that says Done; a timeline only ever grows. */
function newerOf(known: Invalidation | undefined, told: Invalidation): Invalidation {
  return known !== undefined && known.timeline.length > told.timeline.length ? known : told
}

/** What one kind of news makes old. */
const OLD = {
  lists: [keys.log, keys.overview],
  caches: [keys.copies, keys.live, keys.assets],
} as const
type News = keyof typeof OLD

/** A hundred invalidations a second are a hundred changes, but nobody reads faster than this. */
const REFRESH_MS = 400

const resting = new Map<string, 'quiet' | 'news'>()

/** At once; then at most each `REFRESH_MS`, and the last change is never missed. */
function refreshSoon(project: string, news: News): void {
  const name = `${project} ${news}`
  if (resting.has(name)) {
    resting.set(name, 'news')
    return
  }
  resting.set(name, 'quiet')
  for (const key of OLD[news]) void queryClient.invalidateQueries({ queryKey: key(project) })
  browser.after(REFRESH_MS, () => {
    const came = resting.get(name)
    resting.delete(name)
    if (came === 'news') refreshSoon(project, news)
  })
}
