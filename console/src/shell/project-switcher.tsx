import {
  ActionButton,
  DialogContainer,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Text,
} from '@react-spectrum/s2'
import ChevronDown from '@react-spectrum/s2/icons/ChevronDown'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import type { Me } from '../../../src/contract/api/session.ts'
import { paths } from '../paths.ts'
import { NewProjectDialog } from './new-project-dialog.tsx'
import styles from './shell.module.css'

interface ProjectSwitcherProps {
  readonly project: string
  readonly me: Me | undefined
}

/** The project one is in; a menu where there is another to go to, or to make. */
export function ProjectSwitcher({ project, me }: ProjectSwitcherProps) {
  const projects = me?.projects.map(({ id }) => id) ?? [project]
  const mayMake = me?.owner === true
  if (projects.length < 2 && !mayMake) {
    return (
      <span className={styles['project']} title="Project">
        {project}
      </span>
    )
  }
  return <ProjectMenu project={project} projects={projects} mayMake={mayMake} />
}

interface ProjectMenuProps {
  readonly project: string
  readonly projects: readonly string[]
  readonly mayMake: boolean
}

function ProjectMenu({ project, projects, mayMake }: ProjectMenuProps) {
  const router = useRouter()
  const [making, setMaking] = useState(false)
  return (
    <>
      <MenuTrigger>
        <ActionButton isQuiet aria-label={`Project ${project}. Choose another`}>
          <Text>{project}</Text>
          <ChevronDown />
        </ActionButton>
        <Menu aria-label="Projects">
          <MenuSection
            aria-label="Projects"
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[project]}
            onSelectionChange={(keys) => {
              const [id] = keys
              if (id !== undefined) router.history.push(paths.home(String(id)))
            }}
          >
            {projects.map((id) => (
              <MenuItem key={id} id={id}>
                {id}
              </MenuItem>
            ))}
          </MenuSection>
          {mayMake ? (
            <MenuSection aria-label="More">
              {/* A project's name holds no spaces, so this id is none. */}
              <MenuItem id="new project" onAction={() => setMaking(true)}>
                New project…
              </MenuItem>
            </MenuSection>
          ) : null}
        </Menu>
      </MenuTrigger>
      <DialogContainer onDismiss={() => setMaking(false)}>
        {making ? <NewProjectDialog like={project} onDone={() => setMaking(false)} /> : null}
      </DialogContainer>
    </>
  )
}
