import { pino } from 'pino'
import type { Logger } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** JSON lines on stderr; stdout is for people. Secrets never reach a line: their fields are removed here. */
export function createLog(level: LogLevel): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          '*.authorization',
          '*.cookie',
          '*.password',
          '*.secret',
          '*["x-client-key"]',
          '*["sluice-node-secret"]',
        ],
        remove: true,
      },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

/** For tests and the simulator. */
export const silentLog: Log = pino({ level: 'silent' })
