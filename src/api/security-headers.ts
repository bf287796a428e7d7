import type { FastifyReply, FastifyRequest } from 'fastify'

/** React Aria's one inline style element (react-aria-pressable-style); a browser test holds it to this hash. */
const INLINE_STYLE_HASH = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"

export const CONSOLE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${INLINE_STYLE_HASH}`,
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Answers that are data: nothing in them may run or load anything. */
const DATA_CSP = "default-src 'none'; frame-ancestors 'none'"

/** Contents that somebody uploaded: an SVG or HTML shown from here must never script the console's origin. */
export const CONTENT_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/** Two years, as browsers' preload lists ask; only said over HTTPS (RFC 6797 §7.2). */
const HSTS = 'max-age=63072000'

export async function setSecurityHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  void reply.headers({
    'content-security-policy': DATA_CSP,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  })
  if (request.protocol === 'https') void reply.header('strict-transport-security', HSTS)
}

/** `image/svg+xml` counts as an image: the sandbox keeps it from running. */
export function contentHeaders(mediaType: string, fileName: string): Record<string, string> {
  const shown = /^image\/[\w.+-]+$/i.test(mediaType)
  return {
    'content-security-policy': CONTENT_CSP,
    'content-type': mediaType,
    'content-disposition': `${shown ? 'inline' : 'attachment'}; ${dispositionName(fileName)}`,
  }
}

/** RFC 6266 §4.3: the name in UTF-8, percent-encoded as RFC 8187 §3.2.1 asks. */
function dispositionName(fileName: string): string {
  const last = fileName.slice(fileName.lastIndexOf('/') + 1)
  const encoded = encodeURIComponent(last.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename*=UTF-8''${encoded}`
}
