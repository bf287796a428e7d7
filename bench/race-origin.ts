import type { ServerResponse } from 'node:http'

import { serveHttp } from '../test/support/http.ts'

/** Where a held answer stands still: before its head, or with its head and half of its body on the way. */
export type HeldAt = 'head' | 'body'

/** One answer that the origin has read, and does not finish until it is let go. */
export interface HeldAnswer {
  /** Resolves once the origin was asked, has read what it is going to say, and stands still. */
  readonly asked: Promise<void>
  go(): void
}

/** A web server of the bench: what each path says is set by the bench, and so is when an answer goes on. */
export interface RaceOrigin {
  readonly url: string
  put(target: string, word: string): void
  /** The next answer for this path stands still. */
  hold(target: string, at: HeldAt): HeldAnswer
  stop(): Promise<void>
}

/** Larger than what caches read at once, so that a half of it passes through them. */
const HALF_BYTES = 96 * 1024

export async function startRaceOrigin(): Promise<RaceOrigin> {
  const words = new Map<string, string>()
  const holds = new Map<string, { at: HeldAt; asked: () => void; gone: Promise<void> }>()
  const answer = async (target: string, response: ServerResponse): Promise<void> => {
    const word = words.get(target) ?? 'nothing'
    const hold = holds.get(target)
    holds.delete(target)
    if (hold?.at === 'head') {
      hold.asked()
      await hold.gone
    }
    response.writeHead(200, {
      'cache-control': 'max-age=600',
      'content-length': 2 * HALF_BYTES,
      'content-type': 'application/octet-stream',
      date: new Date().toUTCString(),
      // The field by which vmod_xkey knows what to purge.
      xkey: target,
    })
    response.write(word.padEnd(HALF_BYTES, '.'))
    if (hold?.at === 'body') {
      hold.asked()
      await hold.gone
    }
    response.end(word.padStart(HALF_BYTES, '.'))
  }
  const server = await serveHttp((request, response) => void answer(String(request.url), response))
  return {
    url: server.url,
    put: (target, word) => void words.set(target, word),
    hold(target, at) {
      const asked = Promise.withResolvers<void>()
      const gone = Promise.withResolvers<void>()
      holds.set(target, { at, asked: asked.resolve, gone: gone.promise })
      return { asked: asked.promise, go: gone.resolve }
    },
    stop: () => server.stop(),
  }
}
