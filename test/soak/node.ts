import { startRole } from '../support/serve.ts'
import type { Role, Started } from '../support/serve.ts'

/** A node that was refused its start (a full disk, a busy machine) is started again; by then it must be there. */
const START_MS_MAX = 60_000
const START_AGAIN_MS = 200

export interface NodeSettings {
  readonly name: string
  readonly role: Role
  readonly data: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Called with the process of now, and with null while there is none. */
  readonly onChange: (started: Started | null) => void
  readonly say: (line: string) => void
}

/** A process that is started again after each death, and may be killed or stopped in its tracks. */
export class SoakNode {
  readonly #settings: NodeSettings
  #started: Started | null = null
  #wanted = true
  #expected = false
  /** Deaths that nobody ordered: each is a failure of the soak. */
  readonly unexpected: string[] = []
  #comingBack: Promise<void> = Promise.resolve()

  constructor(settings: NodeSettings) {
    this.#settings = settings
  }

  get started(): Started | null {
    return this.#started
  }

  /** What it wrote to stderr last. */
  get said(): string {
    return this.#started?.output.stderr.slice(-2_000) ?? ''
  }

  async start(): Promise<void> {
    const { role, data, args, env } = this.#settings
    const until = performance.now() + START_MS_MAX
    while (this.#started === null) {
      try {
        this.#started = await startRole(role, { data, args, env })
      } catch (error) {
        if (performance.now() > until || !this.#wanted) throw error
        this.#settings.say(`${this.#settings.name} did not start: ${String(error).slice(0, 300)}`)
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS))
      }
    }
    const { child, output } = this.#started
    child.once('exit', (code, signal) => {
      this.#started = null
      this.#settings.onChange(null)
      if (this.#expected || !this.#wanted) return
      const how = `${this.#settings.name} ended by itself with ${code ?? signal}: ${output.stderr.slice(-500)}`
      this.unexpected.push(how)
      this.#settings.say(how)
      this.#comingBack = this.start().catch((error: unknown) => {
        this.unexpected.push(`${this.#settings.name} did not come back: ${String(error)}`)
      })
    })
    this.#settings.onChange(this.#started)
  }

  /** SIGKILL; away for so long; then started on the same data. */
  async kill(away: Promise<void>): Promise<void> {
    const { child } = await this.#present()
    this.#expected = true
    const died = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await died
    await away
    this.#expected = false
    if (this.#wanted) await this.start()
  }

  /** SIGSTOP for so long: it does not know that time passes. */
  async pause(away: Promise<void>): Promise<void> {
    const { child } = await this.#present()
    child.kill('SIGSTOP')
    await away
    child.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    this.#wanted = false
    await this.#comingBack
    this.#started?.child.kill('SIGCONT')
    await this.#started?.stop()
  }

  async #present(): Promise<Started> {
    await this.#comingBack
    if (this.#started === null) throw new Error(`${this.#settings.name} is not there`)
    return this.#started
  }
}
