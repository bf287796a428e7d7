import { runClient } from '../../src/cli/cli.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { ADMIN_KEY } from './control-api.ts'
import type { ControlApi } from './control-api.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `sluice …` in this process, as a client of a control that listens. */
export function commandLine(
  control: ControlApi,
  change: { readonly key?: string; readonly clock?: Clock } = {},
): (argv: readonly string[], stdin?: string) => Promise<Said> {
  return async (argv, stdin = '') => {
    const said = { out: '', err: '' }
    const code = await runClient(argv, {
      env: {
        SLUICE_URL: await control.url(),
        SLUICE_KEY: change.key ?? ADMIN_KEY,
        SLUICE_PROJECT: 'demo',
      },
      cwd: '/',
      stdin: (async function* () {
        yield stdin
      })(),
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      clock: change.clock ?? systemClock,
      timers: systemTimers,
      random: systemRandom,
    })
    return { code, ...said }
  }
}
