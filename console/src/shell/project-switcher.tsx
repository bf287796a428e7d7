import { ActionButton, Menu, MenuItem, MenuTrigger, Text } from '@react-spectrum/s2'
import ChevronDown from '@react-spectrum/s2/icons/ChevronDown'
import { useRouter } from '@tanstack/react-router'
import { paths } from '../paths.ts'
import styles from './shell.module.css'

interface ProjectSwitcherProps {
  readonly project: string
  readonly projects: readonly string[]
}

/** The project one is in; a menu when there are several. */
export function ProjectSwitcher({ project, projects }: ProjectSwitcherProps) {
  const router = useRouter()
  if (projects.length < 2) {
    return (
      <span className={styles['project']} title="Project">
        {project}
      </span>
    )
  }
  return (
    <MenuTrigger>
      <ActionButton isQuiet aria-label={`Project ${project}. Choose another`}>
        <Text>{project}</Text>
        <ChevronDown />
      </ActionButton>
      <Menu
        aria-label="Projects"
        selectionMode="single"
        selectedKeys={[project]}
        onAction={(id) => router.history.push(paths.home(String(id)))}
      >
        {projects.map((id) => (
          <MenuItem key={id} id={id}>
            {id}
          </MenuItem>
        ))}
      </Menu>
    </MenuTrigger>
  )
}
