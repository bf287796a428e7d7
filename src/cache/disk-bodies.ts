import { mkdir, open, readFile, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hash } from 'node:crypto'
import type { Log } from '../kernel/log.ts'
import { randomToken } from '../kernel/ids.ts'
import type { Random } from '../kernel/random.ts'
import type { BodyHolder } from './marked-cache.ts'

/** A body kept as a file. The digest is checked at each read: after a power cut a file may be short or torn. */
export interface DiskBody {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** The disk as a part, so that the simulator can lose it, tear it and slow it down. */
export interface Disk {
  /** Writes a new file completely or not at all; the name appears at the end. */
  write(name: string, data: Uint8Array): Promise<void>
  read(name: string): Promise<Uint8Array | undefined>
  remove(name: string): Promise<void>
  list(): Promise<readonly string[]>
}

export class DiskBodies implements BodyHolder<DiskBody> {
  readonly #disk: Disk
  readonly #random: Random
  readonly #log: Log
  /** Removals under way, so that stopping can wait for them. */
  readonly #removals = new Set<Promise<void>>()

  constructor(parts: { disk: Disk; random: Random; log: Log }) {
    this.#disk = parts.disk
    this.#random = parts.random
    this.#log = parts.log
  }

  async write(data: Uint8Array): Promise<DiskBody> {
    const file = randomToken(this.#random, 12)
    await this.#disk.write(file, data)
    return { file, bytes: data.byteLength, sha256: hash('sha256', data, 'hex') }
  }

  /** Undefined when the file is gone (evicted meanwhile) or not what was written. */
  async read(body: DiskBody): Promise<Uint8Array | undefined> {
    const data = await this.#disk.read(body.file)
    if (!data || hash('sha256', data, 'hex') !== body.sha256) return undefined
    return data
  }

  release(body: DiskBody): void {
    const removal = this.#disk
      .remove(body.file)
      .catch((error: unknown) =>
        this.#log.warn({ err: error, file: body.file }, 'cache file not removed'),
      )
    this.#removals.add(removal)
    void removal.finally(() => this.#removals.delete(removal))
  }

  /** Removes what no entry holds: left by a crash. */
  async removeOthers(held: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#disk.list()) {
      if (!held.has(name)) await this.#disk.remove(name)
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#removals)
  }
}

/** Files spread over 64 folders by the first character of their names, so that no folder grows too long. */
export async function openDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true })
  const place = (name: string): string => join(folder, name.slice(0, 1), name)
  return {
    async write(name, data) {
      const path = place(name)
      await mkdir(join(folder, name.slice(0, 1)), { recursive: true })
      const partial = `${path}.partial`
      const file = await open(partial, 'wx')
      try {
        await file.writeFile(data)
      } catch (error) {
        await file.close()
        await rm(partial, { force: true })
        throw error
      }
      await file.close()
      await rename(partial, path)
    },
    async read(name) {
      try {
        return await readFile(place(name))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async remove(name) {
      try {
        await unlink(place(name))
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
    async list() {
      const names: string[] = []
      for (const shelf of await readdir(folder)) {
        for (const name of await readdir(join(folder, shelf)).catch(() => [])) names.push(name)
      }
      return names
    },
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
