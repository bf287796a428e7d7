/** Characters of a content hash that name a version (`vh` of the API). */
const VH_CHARACTERS = 12

export function vhOf(hash: string): string {
  return hash.slice(0, VH_CHARACTERS)
}

/** The URL of just this version, which may be kept for a year: `id` of Image Serving, `vh` of Cloudimage. */
export function versioned(url: string, vh: string): string {
  const [path = '', query = ''] = url.split('?', 2)
  const name = /\/is\/(image|content)\//.test(path) ? 'id' : 'vh'
  const others = query.split('&').filter((part) => part !== '' && !part.startsWith(`${name}=`))
  return `${path}?${[...others, `${name}=${vh}`].join('&')}`
}
