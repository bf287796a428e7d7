import { ActionButton } from '@react-spectrum/s2'
import MenuHamburger from '@react-spectrum/s2/icons/MenuHamburger'
import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { Suspense, useEffect, useState } from 'react'
import { useProjectEvents } from '../events.ts'
import { AppLink } from '../parts/app-link.tsx'
import { Loading } from '../parts/loading.tsx'
import { paths } from '../paths.ts'
import { queries } from '../queries.ts'
import { useProjectId } from '../use-project.ts'
import { AccountMenu } from './account-menu.tsx'
import { ProjectSwitcher } from './project-switcher.tsx'
import { SideNavigation } from './side-navigation.tsx'
import styles from './shell.module.css'

/** The frame of every page of a project: header, side navigation, content. */
export function Shell() {
  const project = useProjectId()
  useProjectEvents(project)
  const [menuOpen, setMenuOpen] = useState(false)
  const { pathname } = useLocation()
  useEffect(() => setMenuOpen(false), [pathname])
  return (
    <div className={styles['shell']}>
      <a className={styles['skip']} href="#content">
        Skip to the content
      </a>
      <Header project={project} menuOpen={menuOpen} onMenu={() => setMenuOpen(!menuOpen)} />
      <div className={styles['body']}>
        <div
          id="side-navigation"
          className={`${styles['side']} ${menuOpen ? styles['sideOpen'] : ''}`}
          onKeyDown={(event) => event.key === 'Escape' && setMenuOpen(false)}
        >
          <SideNavigation project={project} />
        </div>
        <main className={styles['content']} id="content" tabIndex={-1} key={project}>
          <Suspense fallback={<Loading what="the page" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  )
}

interface HeaderProps {
  readonly project: string
  readonly menuOpen: boolean
  readonly onMenu: () => void
}

function Header({ project, menuOpen, onMenu }: HeaderProps) {
  const { data: me } = useQuery(queries.me())
  return (
    <header className={styles['header']}>
      <span className={styles['menuButton']}>
        <ActionButton
          isQuiet
          aria-label="Menu"
          aria-expanded={menuOpen}
          aria-controls="side-navigation"
          onPress={onMenu}
        >
          <MenuHamburger />
        </ActionButton>
      </span>
      <AppLink href={paths.home(project)} className={styles['brand']}>
        <img src="/sluice.svg" alt="" width="26" height="26" />
        <span>Sluice</span>
      </AppLink>
      <ProjectSwitcher project={project} me={me} />
      <span className={styles['space']} />
      {me === undefined ? null : <AccountMenu me={me} />}
    </header>
  )
}
