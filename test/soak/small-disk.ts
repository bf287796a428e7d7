import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
/** Room for what a soak of an hour writes, and quickly full. */
const MEGABYTES = 48
const PIECE = Buffer.alloc(64 * 1024)

/** A disk of our own that can be filled to the last byte. */
export interface SmallDisk {
  readonly path: string
  fill(): Promise<void>
  empty(): Promise<void>
  unmount(): Promise<void>
}

/** Null where nobody may mount one: that takes root, and a system that lets it. */
export async function mountSmallDisk(path: string): Promise<SmallDisk | null> {
  await mkdir(path, { recursive: true })
  try {
    await exec('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'sluice-soak', path])
  } catch {
    return null
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    async fill() {
      const file = await open(ballast, 'w')
      try {
        for (let size = PIECE.length; size > 0;) {
          // Down to the last byte, so that not even a small record fits.
          const fits = await file.write(PIECE, 0, size).then(
            ({ bytesWritten }) => bytesWritten > 0,
            () => false,
          )
          if (!fits) size = Math.floor(size / 2)
        }
      } finally {
        await file.close()
      }
    },
    empty: () => rm(ballast, { force: true }),
    // Lazily, because a process that ends late must not keep it.
    unmount: async () => void (await exec('umount', ['-l', path])),
  }
}
