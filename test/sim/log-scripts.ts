import type { Script } from './run.ts'
import { REMOTE, URLS } from './scene.ts'

const REMOTE_URL = URLS.find(({ subject }) => subject === REMOTE)!

/** What a resizer holds and has saved is purged by a single entry while it is down; back again, it must meet that entry first. */
export const purgedWhileDown: Script = async (theatre, safety) => {
  const { world, origin, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  void safety.read(edge!, REMOTE_URL)
  await world.run(world.now + 2_500)
  theatre.resizer.crash(true)
  origin.setRemote(REMOTE, `v2 of ${REMOTE}`)
  void controls[0]!.invalidate({ originals: [REMOTE] })
  await world.run(world.now + 5_000, () => ledger.floorOf(REMOTE_URL).moment > 0)
  const started = theatre.resizer.start()
  await world.run(world.now + 200)
  await started
  for (let ms = 0; ms < 500; ms += 50) {
    void safety.read(edge!, REMOTE_URL)
    await world.run(world.now + 50)
  }
}
