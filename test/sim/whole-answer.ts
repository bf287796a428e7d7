import type { EdgeAnswer } from '../../src/edge/answer.ts'

/** An answer whose body has come to its end. */
export type WholeAnswer = Omit<EdgeAnswer, 'body'> & { readonly body: Uint8Array }

export async function wholeAnswer(answer: EdgeAnswer): Promise<WholeAnswer> {
  return { ...answer, body: await wholeBody(answer.body) }
}

async function wholeBody(body: EdgeAnswer['body']): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  return body === null ? new Uint8Array(0) : Buffer.concat(await Array.fromAsync(body))
}
