/**
 * Delivery says in half a sentence what is wrong with a path, which is enough for whoever fetches a picture. Whoever wants to get one out
 * of caches is also told what to write instead.
 */
const WAYS_OUT: readonly (readonly [what: RegExp, way: string])[] = [
  [/^The path names no asset$/, 'write the asset’s id behind the company'],
  [
    /^No project is delivered at this host and path$/,
    'a path begins with /is/image/ or /is/content/',
  ],
  [/^The path has a part \.\.?$/, 'leave it out, nothing is delivered by such a path'],
  [/^The path has an empty part$/, 'write one slash where there are two'],
  [/^The path is not percent-encoded UTF-8$/, 'write % as %25, and letters as UTF-8'],
  [/^The path has a control character$/, 'leave out what begins with %0, %1 or %7F'],
  [/^The path has a backslash$/, 'write /'],
  [/^The path has a comma/, 'look up the id on the page Assets'],
  [/^The path has a colon/, 'a crop’s name stands behind one colon, at the end'],
  [/^The URL is longer than/, 'invalidate the asset instead of its URL'],
  [/ is not supported$/, 'leave it out'],
]

/** The reason as a sentence that says the way out, where there is one to be said. */
export function withWayOut(reason: string): string {
  const way = WAYS_OUT.find(([what]) => what.test(reason))?.[1]
  return way === undefined ? `${reason}.` : `${reason}: ${way}.`
}
