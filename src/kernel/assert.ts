import nodeAssert from 'node:assert/strict'

/** A programmer's error: on in production too, because going on would be worse. */
export function assert(condition: unknown, message: string): asserts condition {
  nodeAssert.ok(condition, message)
}

/** Ends an exhaustive switch: forgetting a case does not compile. */
export function assertNever(value: never, what: string): never {
  throw new nodeAssert.AssertionError({ message: `${what}: unexpected ${JSON.stringify(value)}` })
}
