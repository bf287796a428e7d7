import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

import type { ApiClient } from './api-client.ts'
import type { ClientIo } from './client-io.ts'
import { CliError } from './errors.ts'

export type OptionTable = NonNullable<ParseArgsConfig['options']>

export interface Command {
  readonly name: string
  /** For the list of commands: half a line. */
  readonly summary: string
  /** The whole help below the first line. */
  readonly help: string
  readonly options: OptionTable
  readonly run: (call: CommandCall) => Promise<number>
}

/** A command's arguments, read; and the server, found when first asked for. */
export interface CommandCall {
  readonly io: ClientIo
  readonly args: Arguments
  readonly json: boolean
  client(): Promise<ApiClient>
  /** Path of the project in the API: `/projects/demo`. */
  projectPath(): Promise<string>
}

export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>
  readonly positionals: readonly string[]

  constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
    this.#values = values
    this.positionals = positionals
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  /** Exactly these many, named for the refusal. */
  take(...names: readonly string[]): readonly string[] {
    const { positionals } = this
    if (positionals.length > names.length) {
      throw new CliError('usage', `'${positionals[names.length]}' is one argument too many`)
    }
    const missing = names[positionals.length]
    if (missing !== undefined) throw new CliError('usage', `${missing} is missing`)
    return positionals
  }
}

export const COMMON_OPTIONS = {
  server: { type: 'string' },
  key: { type: 'string' },
  project: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies OptionTable

export function readArguments(command: Command, argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...COMMON_OPTIONS, ...command.options },
      allowPositionals: true,
    })
    return new Arguments(values, positionals)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Node's own sentence, without its advice about `--` that helps nobody here.
    throw new CliError('usage', error.message.split('. To specify')[0]!, error)
  }
}
