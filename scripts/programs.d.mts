export interface Program {
  readonly names: readonly string[]
  readonly debian: string
  readonly why: string
}
export declare const PROGRAMS: Readonly<Record<'chromium' | 'rsync' | 'varnish' | 'curl', Program>>
export declare function findProgram(names: readonly string[]): string | undefined
export declare function installPrograms(
  say: (line: string) => void,
  mayInstall?: boolean,
): Promise<void>
