import {
  Outlet,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { AnyRoute, RouteComponent } from '@tanstack/react-router'
import { paths } from './paths.ts'
import { ApiProblem } from './problem.ts'
import { setCsrf } from './http.ts'
import { queries, queryClient } from './queries.ts'
import { Shell } from './shell/shell.tsx'
import { NotFound, PageFailed } from './shell/not-found.tsx'
import { NoProjectPage } from './pages/home/no-project-page.tsx'
import { SignInPage } from './pages/sign-in/sign-in-page.tsx'

/** The address of each page. */

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })

/** Who this is; sends to the sign-in page, and back afterwards, when nobody is signed in. */
async function signedIn({ location }: { location: { href: string } }) {
  try {
    const me = await queryClient.ensureQueryData(queries.me())
    setCsrf(me.csrf)
    return { me }
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) {
      throw redirect({ href: paths.signIn(location.href === '/' ? undefined : location.href) })
    }
    throw error
  }
}

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage })

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: NoProjectPage,
  beforeLoad: async ({ location }) => {
    const { me } = await signedIn({ location })
    const first = me.projects[0]
    if (first !== undefined) throw redirect({ href: paths.home(first.id), replace: true })
  },
})

const project = createRoute({
  getParentRoute: () => root,
  path: '/projects/$project',
  component: Shell,
  beforeLoad: async ({ location, params }) => {
    const { me } = await signedIn({ location })
    // A project that one may not see has no frame either: nothing in it could be shown.
    await queryClient.ensureQueryData(queries.project(params.project))
    return { me }
  },
  errorComponent: PageFailed,
})

/** A parent of its own: beside each other, the address of all assets would be that of an asset without a name. */
const assets = createRoute({ getParentRoute: () => project, path: '/assets' })

function page<Parent extends AnyRoute, Path extends string>(
  parent: Parent,
  path: Path,
  component: RouteComponent,
) {
  return createRoute({ getParentRoute: () => parent, path, component })
}

const tree = root.addChildren([
  signIn,
  start,
  project.addChildren([
    page(
      project,
      '/',
      lazyRouteComponent(() => import('./pages/home/home-page.tsx'), 'HomePage'),
    ),
    assets.addChildren([
      page(
        assets,
        '/',
        lazyRouteComponent(() => import('./pages/assets/assets-page.tsx'), 'AssetsPage'),
      ),
      page(
        assets,
        '/$',
        lazyRouteComponent(() => import('./pages/assets/asset-page.tsx'), 'AssetPage'),
      ),
    ]),
    page(
      project,
      '/invalidate',
      lazyRouteComponent(
        () => import('./pages/invalidation/invalidate-page.tsx'),
        'InvalidatePage',
      ),
    ),
    page(
      project,
      '/invalidate-cdn',
      lazyRouteComponent(() => import('./pages/classic/classic-page.tsx'), 'ClassicPage'),
    ),
    page(
      project,
      '/template',
      lazyRouteComponent(() => import('./pages/template/template-page.tsx'), 'TemplatePage'),
    ),
    page(
      project,
      '/presets',
      lazyRouteComponent(() => import('./pages/presets/presets-page.tsx'), 'PresetsPage'),
    ),
    page(
      project,
      '/invalidations',
      lazyRouteComponent(() => import('./pages/log/log-page.tsx'), 'LogPage'),
    ),
    page(
      project,
      '/invalidations/$id',
      lazyRouteComponent(() => import('./pages/log/invalidation-page.tsx'), 'InvalidationPage'),
    ),
    page(
      project,
      '/live',
      lazyRouteComponent(() => import('./pages/live/live-page.tsx'), 'LivePage'),
    ),
    page(
      project,
      '/nodes',
      lazyRouteComponent(() => import('./pages/nodes/nodes-page.tsx'), 'NodesPage'),
    ),
    page(
      project,
      '/targets',
      lazyRouteComponent(() => import('./pages/targets/targets-page.tsx'), 'TargetsPage'),
    ),
    page(
      project,
      '/settings',
      lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
    ),
    page(
      project,
      '/people',
      lazyRouteComponent(() => import('./pages/people/people-page.tsx'), 'PeoplePage'),
    ),
    page(
      project,
      '/help',
      lazyRouteComponent(() => import('./pages/help/help-page.tsx'), 'HelpPage'),
    ),
  ]),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: false,
  scrollRestoration: true,
  defaultErrorComponent: PageFailed,
  // Search values are plain text: `?q=12` is the text 12.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (values) => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined && value !== '') search.set(name, String(value))
    }
    const text = search.toString()
    return text === '' ? '' : `?${text}`
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
