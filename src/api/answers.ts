import type { Static, TSchema, TUnsafe } from 'typebox'

/** An answer's schema for handlers: what is only read may be readonly, as our own types are. */
export function answers<Schema extends TSchema>(
  schema: Schema,
): TUnsafe<DeepReadonly<Static<Schema>>> {
  return schema as unknown as TUnsafe<DeepReadonly<Static<Schema>>>
}

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T
