import Clock from '@react-spectrum/s2/icons/Clock'
import Data from '@react-spectrum/s2/icons/Data'
import DataRefresh from '@react-spectrum/s2/icons/DataRefresh'
import FileText from '@react-spectrum/s2/icons/FileText'
import HelpCircle from '@react-spectrum/s2/icons/HelpCircle'
import HomeIcon from '@react-spectrum/s2/icons/Home'
import Images from '@react-spectrum/s2/icons/Images'
import PeopleGroup from '@react-spectrum/s2/icons/PeopleGroup'
import Preset from '@react-spectrum/s2/icons/Properties'
import Settings from '@react-spectrum/s2/icons/Settings'
import Target from '@react-spectrum/s2/icons/Target'
import Visibility from '@react-spectrum/s2/icons/Visibility'
import { useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { AppLink } from '../parts/app-link.tsx'
import { paths } from '../paths.ts'
import { queries } from '../queries.ts'
import styles from './shell.module.css'

const PAGES = [
  { name: 'Home', icon: HomeIcon, path: paths.home },
  { name: 'Assets', icon: Images, path: paths.assets },
  { name: 'Image Presets', icon: Preset, path: paths.presets },
  { name: 'CDN Invalidation', icon: DataRefresh, path: paths.invalidate },
  { name: 'CDN Invalidation Template', icon: FileText, path: paths.template },
  { name: 'Invalidation Log', icon: Clock, path: paths.log },
  { name: 'Live view', icon: Visibility, path: paths.live },
  { name: 'Nodes', icon: Data, path: paths.nodes },
  { name: 'Targets', icon: Target, path: paths.targets },
  { name: 'General Settings', icon: Settings, path: paths.settings },
  { name: 'People and API keys', icon: PeopleGroup, path: paths.people },
  { name: 'Help', icon: HelpCircle, path: paths.help },
] as const

export function SideNavigation({ project }: { readonly project: string }) {
  const { pathname } = useLocation()
  const { data: overview } = useQuery(queries.overview(project))
  const failing = overview?.failing.length ?? 0
  const home = paths.home(project)
  return (
    <nav aria-label="Pages">
      <ul className={styles['pages']}>
        {PAGES.map(({ name, icon: Icon, path }) => {
          const href = path(project)
          const here =
            href === home
              ? pathname.replace(/\/$/, '') === home
              : pathname === href || pathname.startsWith(`${href}/`)
          return (
            <li key={name}>
              <AppLink
                href={href}
                className={styles['pageLink']}
                aria-current={here ? 'page' : undefined}
              >
                <span aria-hidden="true" className={styles['pageIcon']}>
                  <Icon />
                </span>
                {name}
                {name === 'Invalidation Log' && failing > 0 ? (
                  <span className={styles['failing']} title="Failed and not retried">
                    {failing}
                    <span className={styles['unseen']}> failed</span>
                  </span>
                ) : null}
              </AppLink>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
