import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import type { TSchema } from 'typebox'
import type { FastifySchemaCompiler } from 'fastify'

import type { ProblemItem } from '../contract/api/shapes.ts'

/**
 * Requests against their TypeBox schemas. Bodies are taken as they are (`"1"` is not a number); query strings are text by
 * nature, so numbers and booleans are read out of them. Every mistake is reported, each by a JSON pointer (RFC 6901).
 */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid'
  readonly items: readonly ProblemItem[]

  constructor(items: readonly ProblemItem[]) {
    super('request does not match its schema')
    this.items = items
  }
}

interface SchemaError {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** Mistakes looked for in one request: enough for a person, little enough for a hostile one. */
const MISTAKES_MAX = 100

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  Settings.Set({ maxErrors: MISTAKES_MAX })
  const validator = Compile(schema)
  const fromText = httpPart === 'querystring' || httpPart === 'params'
  return (input: unknown) => {
    const value = fromText ? readText(schema, input) : input
    if (validator.Check(value)) return { value }
    return { error: new RequestInvalid(describe(validator.Errors(value))) }
  }
}

/** `limit=20` and `published=true`: only what the schema calls a number or boolean, only in their plain spelling. */
function readText(schema: TSchema, input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input
  const properties = 'properties' in schema ? (schema.properties as Record<string, TSchema>) : {}
  const read = Object.entries(input).map(([name, text]): [string, unknown] => {
    const type = Object.hasOwn(properties, name)
      ? Reflect.get(properties[name]!, 'type')
      : undefined
    return [name, typeof text === 'string' ? readValue(type, text) : text]
  })
  return Object.fromEntries(read)
}

function readValue(type: unknown, text: string): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** From the checker's list to reasons that a person can act upon, without its repetitions. */
export function describe(errors: readonly SchemaError[]): readonly ProblemItem[] {
  const items = errors.flatMap(itemsOf)
  const byPointer = Map.groupBy(items, (item) => item.pointer ?? '')
  return [...byPointer].map(([pointer, reasons]) => ({ pointer, reason: combine(reasons) }))
}

function itemsOf(error: SchemaError): ProblemItem[] {
  const { keyword, instancePath, params } = error
  switch (keyword) {
    // Said by the errors beside it.
    case 'anyOf':
      return []
    // A closed object's word for a field that it does not have; the list of all comes last, when there is room.
    case 'boolean':
      return [{ pointer: instancePath, reason: 'is not a known field' }]
    case 'additionalProperties':
      return namesIn(params, 'additionalProperties').map((name) => ({
        pointer: `${instancePath}/${escaped(name)}`,
        reason: 'is not a known field',
      }))
    case 'required':
      return namesIn(params, 'requiredProperties').map((name) => ({
        pointer: `${instancePath}/${escaped(name)}`,
        reason: 'is missing',
      }))
    case 'pattern':
      return [{ pointer: instancePath, reason: 'holds characters that are not allowed here' }]
    case 'enum':
      return [{ pointer: instancePath, reason: enumReason(params) }]
    default:
      return [{ pointer: instancePath, reason: error.message }]
  }
}

function enumReason(params: object): string {
  const allowed = namesIn(params, 'allowedValues')
  return allowed.length === 0 ? 'is not an allowed value' : `must be one of ${allowed.join(', ')}`
}

function namesIn(params: object, key: string): string[] {
  const names: unknown = Reflect.get(params, key)
  return Array.isArray(names) ? names.map(String) : []
}

/** RFC 6901 §3. */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** A field that may be null fails each branch: `must be string` and `must be null` become one sentence. */
function combine(items: readonly ProblemItem[]): string {
  const reasons = [...new Set(items.map((item) => item.reason))]
  const precise = reasons.filter((reason) => reason !== 'must be null')
  const types = reasons.filter((reason) =>
    /^must be (?:string|number|integer|object|array|boolean|null)$/.test(reason),
  )
  if (types.length === reasons.length && types.length > 1) {
    return `must be ${types.map((reason) => reason.slice('must be '.length)).join(' or ')}`
  }
  return precise.join('; ')
}
