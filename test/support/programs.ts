import { PROGRAMS, findProgram } from '../../scripts/programs.mjs'

export interface FoundProgram {
  /** Full path; an empty string when the program is missing, and then `skip` says so. */
  readonly path: string
  /** For `test(name, { skip })`: false, or why the suite cannot run here. `.ci/run` fails if anything was skipped. */
  readonly skip: string | false
}

/** A program that npm does not bring and that tests drive. `npm test` installs it where it can. */
export function program(name: keyof typeof PROGRAMS): FoundProgram {
  const { names, debian, why } = PROGRAMS[name]
  const path = findProgram(names)
  if (path !== undefined) return { path, skip: false }
  return { path: '', skip: `${name} is not in PATH (Debian package ${debian}): ${why}` }
}
