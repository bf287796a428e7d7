import type { AssetProblem } from './assets.ts'

/** Each file of an id that several files claim, with the others: none of them is served. */
export function clashProblems(
  claims: ReadonlyMap<string, ReadonlySet<string>>,
): readonly AssetProblem[] {
  const clashes = [...claims].filter(([, paths]) => paths.size > 1)
  return clashes.flatMap(([id, paths]) =>
    [...paths].map((path): AssetProblem => {
      const others = [...paths].filter((other) => other !== path).join(', ')
      const reason = `It has the same asset id “${id}” as ${others}: rename one of them.`
      return { path, code: 'clash', reason }
    }),
  )
}
