import { useSuspenseQuery } from '@tanstack/react-query'
import { useLocation, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Project } from '../../src/contract/api/projects.ts'
import type { Permission } from '../../src/contract/permissions.ts'
import type { Role } from '../../src/contract/invalidation.ts'
import { chosenFrom } from './chosen.ts'
import type { Chosen, ChosenValues } from './chosen.ts'
import { queries } from './queries.ts'

export function useProjectId(): string {
  const params = useParams({ strict: false })
  return params.project ?? ''
}

export interface ProjectHere {
  readonly id: string
  readonly project: Project
  readonly can: (role: Role) => boolean
}

const RANK = { viewer: 0, editor: 1, admin: 2 } satisfies Record<Role, number>

/** The project of this page, and what the person may do in it. */
export function useProject(): ProjectHere {
  const id = useProjectId()
  const { data: project } = useSuspenseQuery(queries.project(id))
  const rank = Math.max(-1, ...project.roles.map((role) => RANK[role]))
  return { id, project, can: (role) => rank >= RANK[role] }
}

/** Why somebody who may not do a thing may not do it; null when he may. */
export function roleReason(here: ProjectHere, role: Role): string | null {
  if (here.can(role)) return null
  return `You need the role ${role} in this project. Ask an admin.`
}

/** The same for what the server's own table of permissions names; its sentence says who can help. */
export function mayReason({ project }: ProjectHere, permission: Permission): string | null {
  return project.may[permission].reason
}

/** A part of the page's state that lives in its address, so that it can be shared and Back works. */
export function useAddressState(
  name: string,
  standard = '',
  /** A step of its own, to which Back leads. */
  isStep = false,
): readonly [string, (value: string) => void] {
  const search: Readonly<Record<string, string | undefined>> = useSearch({ strict: false })
  const setAddress = useSetAddress()
  const set = (value: string): void => {
    setAddress({ ...search, [name]: value === standard ? undefined : value }, isStep)
  }
  return [search[name] ?? standard, set]
}

/** What the address says was chosen elsewhere. */
export function useChosen(): Chosen {
  const search: ChosenValues = useSearch({ strict: false })
  const hash = useLocation({ select: (location) => location.hash })
  return useMemo(() => chosenFrom(search, hash), [search, hash])
}

/** Sets what the address says behind `?`, all of it at once. */
export function useSetAddress(): (
  search: Readonly<Record<string, string | undefined>>,
  isStep?: boolean,
) => void {
  const navigate = useNavigate()
  return (search, isStep = false) => {
    void navigate({ to: '.', search: () => ({ ...search }), hash: true, replace: !isStep } as never)
  }
}
