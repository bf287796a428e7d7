import sharp from 'sharp'

import { sha256 } from '../../src/kernel/hash.ts'
import { serveHttp } from './http.ts'
import type { HeardRequest } from './http.ts'

/** A web server of somebody else, with pictures in one colour each, that counts how it is read and can be told to misbehave. */
export interface SampleOrigin {
  /** `host:port`, for `connectTo`. */
  readonly place: string
  /** Heads in the order of their coming. */
  readonly heard: HeardRequest[]
  /** Bodies that went out. */
  readonly bodies: number
  /** Milliseconds at which each request came, on the clock of `performance.now`. */
  readonly times: readonly number[]
  /** The hash of what `path` is now. */
  hashOf(path: string): string
  /** Puts a picture, or takes it away. */
  put(path: string, color: string | null): Promise<void>
  /** Answers everything with this status; 0: as usual. */
  failWith(status: number): void
  /** From now on answers come as they are now, from a cache before it that had kept them so long; null: as usual. */
  keepBefore(ageSeconds: number | null): void
  stop(): Promise<void>
}

export const SAMPLE_SIZE = { width: 600, height: 450 } as const

export async function startSampleOrigin(): Promise<SampleOrigin> {
  const pictures = new Map<string, Buffer>()
  const times: number[] = []
  let failure = 0
  let kept: { readonly pictures: ReadonlyMap<string, Buffer>; readonly age: string } | null = null
  let bodies = 0
  const server = await serveHttp((request, response) => {
    times.push(performance.now())
    const bytes = (kept?.pictures ?? pictures).get((request.url ?? '').split('?', 1)[0]!)
    if (failure > 0 || !bytes) {
      response.writeHead(failure || 404).end()
      return
    }
    const etag = `"${sha256(bytes).slice(0, 16)}"`
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end()
      return
    }
    bodies += 1
    const headers = { etag, 'content-length': bytes.length, 'content-type': 'image/png' }
    response.writeHead(200, kept ? { ...headers, age: kept.age } : headers).end(bytes)
  })
  return {
    place: new URL(server.url).host,
    heard: server.heard,
    times,
    get bodies() {
      return bodies
    },
    hashOf: (path) => sha256(pictures.get(path)!),
    async put(path, color) {
      if (color === null) {
        pictures.delete(path)
        return
      }
      const create = { ...SAMPLE_SIZE, channels: 3, background: color } as const
      pictures.set(path, await sharp({ create }).png().toBuffer())
    },
    failWith(status) {
      failure = status
    },
    keepBefore(ageSeconds) {
      kept = ageSeconds === null ? null : { pictures: new Map(pictures), age: String(ageSeconds) }
    },
    stop: () => server.stop(),
  }
}
