/** Exit codes of every client command (contract): Done or answered; ended in ERROR; bad usage or a refused request. */
export const EXIT = { ok: 0, failed: 1, refused: 2 } as const

export const CLI_ERRORS = {
  usage: EXIT.refused,
  'no-server': EXIT.refused,
  'no-key': EXIT.refused,
  'no-project': EXIT.refused,
  'unreadable-file': EXIT.refused,
  unreachable: EXIT.refused,
  refused: EXIT.refused,
  'not-sluice': EXIT.refused,
  'lost-connection': EXIT.failed,
} as const satisfies Record<string, number>

export type CliErrorCode = keyof typeof CLI_ERRORS

/** Ends a command with a message that names the thing and the cure. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly exit: number
  /** The problem document that the server answered with. */
  readonly answer: unknown

  constructor(code: CliErrorCode, message: string, cause?: unknown, answer?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.exit = CLI_ERRORS[code]
    this.answer = answer
  }
}
