import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { DiskBodies, openDisk } from './disk-bodies.ts'
import type { DiskBody } from './disk-bodies.ts'
import { memoryBodies } from './marked-cache.ts'
import { markedCacheSuite } from './marked-cache-suite.ts'

markedCacheSuite<Uint8Array>('bodies in memory', async () => ({
  ...memoryBodies,
  make: async (text) => Buffer.from(text),
  text: async (body) => Buffer.from(body).toString(),
  held: async () => null,
}))

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

markedCacheSuite<DiskBody>('bodies on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-cache-'))
  folders.push(folder)
  const disk = await openDisk(folder)
  const bodies = new DiskBodies({ disk, random: systemRandom, log: silentLog })
  return {
    release: (body) => bodies.release(body),
    make: (text) => bodies.write(Buffer.from(text)),
    async text(body) {
      const data = await bodies.read(body)
      return data && Buffer.from(data).toString()
    },
    async held() {
      await bodies.settled()
      return (await disk.list()).length
    },
  }
})
