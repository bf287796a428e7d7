import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TSchema } from 'typebox'

import { ADMIN_KEY, NODE_SECRET, startControlApi } from '../../test/support/control-api.ts'
import type { Answer, ControlApi } from '../../test/support/control-api.ts'
import type { RouteEntry } from './open-api.ts'

/**
 * Values that every schema allows and no sane client sends, in every field and path of every route. Whatever they mean, the
 * answer is about them (below 500, or 501), and the process goes on. The choice is seeded, so that a failure comes again.
 */
const TEXTS = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '/',
  '//',
  '*',
  '%',
  '%2e%2e%2f',
  '%00',
  'a/b/../c',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$&',
  '$thumbnail$',
  '<ID>',
  '<ID',
  'https://',
  'https://[::1',
  'http://user:pass@host/x',
  'javascript:alert(1)',
  "'; drop table assets; --",
  '\u202egnp.exe',
  '\ud83d\ude00',
  'e\u0301',
  '\ufeff',
  '\r\nx-injected: 1',
  '1e999',
  '-1',
  '2026-13-45T99:99:99Z',
  'flat',
  'demo',
  'x'.repeat(300),
]
const NUMBERS = [0, 1, 2, 0.5, 1e-9, 100, 2 ** 31, Number.MAX_SAFE_INTEGER]
const ROUNDS = 30

describe('values that are allowed and insane', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    await control.call('PUT', '/api/v1/projects/demo/assets/flat', { raw: Buffer.from('text') })
  })
  after(() => control.stop())

  test('no route answers them with a fault of its own', async () => {
    const pick = seeded(20_261_120)
    const faults: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const route of control.api.routes.filter(isTried)) {
        const { url, body } = requestFor(route, pick)
        control.advance(1000)
        const answer = await control.call(asMethod(route.method), url, {
          key: url.startsWith('/api') ? ADMIN_KEY : null,
          headers: { 'sluice-node-secret': NODE_SECRET, 'x-client-key': ADMIN_KEY },
          ...(body === undefined ? {} : { body }),
        })
        if (answer.status < 500 || answer.status === 501 || needsImageServer(answer)) continue
        faults.push(`${route.method} ${url} ${JSON.stringify(body)} -> ${answer.text}`)
      }
    }
    assert.deepEqual(faults, [])
    assert.equal((await control.call('GET', '/healthz', { key: null })).status, 200)
  })
})

/** There is none here; whoever wants a picture is told so. */
function needsImageServer({ status, text }: Answer): boolean {
  return status === 503 && text.includes('No image server answers')
}

function asMethod(method: string): 'GET' {
  return method as 'GET'
}

/** Streams never end, passwords take their time by design, and a long poll waits for its answer. */
function isTried({ url }: RouteEntry): boolean {
  return !/\/events$|\/session|\/follow$/.test(url)
}

type Pick = <T>(choices: readonly T[]) => T

function requestFor(route: RouteEntry, pick: Pick): { url: string; body: unknown } {
  const text = () =>
    encodeURIComponent(pick(TEXTS.filter((each) => each !== '' && !/^\.+$/.test(each))))
  const path = route.url.replace(':project', 'demo').replaceAll(/:\w+/g, text)
  const query = Object.entries(propertiesOf(route.schema.querystring))
    .filter(() => pick([true, false]))
    .map(([name, schema]) => `${name}=${encodeURIComponent(String(valueFor(schema, pick)))}`)
  const schema = route.schema.body as TSchema | undefined
  const body = schema === undefined ? undefined : valueFor(schema, pick)
  return { url: query.length === 0 ? path : `${path}?${query.join('&')}`, body }
}

function propertiesOf(schema: unknown): Record<string, TSchema> {
  const isObject = typeof schema === 'object' && schema !== null && 'properties' in schema
  return isObject ? (schema.properties as Record<string, TSchema>) : {}
}

interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly TSchema[]
  readonly items?: TSchema
  readonly properties?: Record<string, TSchema>
  readonly required?: readonly string[]
  readonly patternProperties?: Record<string, TSchema>
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}

function valueFor(schema: TSchema, pick: Pick): unknown {
  const shape = schema as Shape
  if (shape.enum !== undefined) return pick(shape.enum)
  if (shape.anyOf !== undefined) return valueFor(pick(shape.anyOf), pick)
  switch (shape.type) {
    case 'string':
      return pick(textsFor(shape))
    case 'integer':
    case 'number':
      return pick(numbersFor(shape))
    case 'boolean':
      return pick([true, false])
    case 'array':
      return Array.from({ length: pick([0, 1, 2, 12]) }, () => valueFor(shape.items!, pick))
    case 'object':
      return objectFor(shape, pick)
    case undefined:
    default:
      return null
  }
}

function textsFor({ minLength = 0, maxLength = Infinity, pattern }: Shape): readonly string[] {
  const allowed = pattern === undefined ? /^/ : new RegExp(pattern)
  const fitting = TEXTS.filter(
    (text) => text.length >= minLength && text.length <= maxLength && allowed.test(text),
  )
  return fitting.length === 0 ? ['someone@example.com'] : fitting
}

function numbersFor({ type, minimum = -Infinity, maximum = Infinity }: Shape): readonly number[] {
  const ends = [minimum, maximum].filter(Number.isFinite)
  const fitting = NUMBERS.filter((value) => value >= minimum && value <= maximum)
  return [...ends, ...fitting].filter((value) => type === 'number' || Number.isInteger(value))
}

function objectFor(shape: Shape, pick: Pick): unknown {
  const record = Object.values(shape.patternProperties ?? {})[0]
  if (record !== undefined) return { [pick(['a', '_x_', 'constructor'])]: valueFor(record, pick) }
  const required = new Set(shape.required ?? [])
  const fields = Object.entries(shape.properties ?? {}).filter(
    ([name]) => required.has(name) || pick([true, false, false]),
  )
  return Object.fromEntries(fields.map(([name, schema]) => [name, valueFor(schema, pick)]))
}

/** mulberry32: small, and the same on every machine. */
function seeded(seed: number): Pick {
  let state = seed
  return (choices) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return choices[Math.floor(share * choices.length)]!
  }
}
