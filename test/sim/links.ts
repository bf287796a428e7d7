import { askerOf } from '../../src/contract/node-protocol.ts'
import type { Asker, ControlLink } from '../../src/contract/node-protocol.ts'
import type { LookAtOriginal } from '../../src/contract/known-originals.ts'
import { EdgeError } from '../../src/edge/errors.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../../src/edge/upstream.ts'
import { PurgelogError } from '../../src/purgelog/errors.ts'
import { lookThrough, saidOf } from '../../src/roles/resizer-originals.ts'
import type { Control } from './control.ts'
import type { Program } from './host.ts'
import type { Caller } from './network.ts'
import { HOST } from './scene.ts'
import type { Stage } from './stage.ts'

/** A node's way to whichever control process a balancer picks, over the simulated network. */
export function controlLink(stage: Stage, from: Program): ControlLink {
  const call = async <T>(
    what: string,
    signal: AbortSignal,
    handle: (control: Control, caller: Caller) => Promise<T>,
  ): Promise<T> => {
    const at = Math.floor(stage.world.chance.number() * stage.controls.length)
    // Whoever has taken its place when the message arrives: a balancer holds back what it cannot deliver yet.
    const control = (): Control => stage.controls[at]!
    return stage.network.call({
      from,
      to: () => control().program,
      what,
      signal,
      handle: (caller) => handle(control(), caller),
      failure: (why) => new PurgelogError('control-unreachable', why),
    })
  }
  return {
    register: (hello, signal) =>
      call('register', signal, ({ authority }) => authority.register(hello)),
    follow: (request, signal) =>
      call('follow', signal, ({ authority }, caller) => authority.follow(request, caller.signal)),
    renew: (request, signal) => call('renew', signal, ({ authority }) => authority.renew(request)),
    answerPeeks: (incarnation, askId, peeks, signal) =>
      call('peeks', signal, ({ authority }) => authority.answerPeeks(incarnation, askId, peeks)),
    reportServed: (incarnation, urls, signal) =>
      call('served', signal, ({ authority }) => authority.reportServed(incarnation, urls)),
    keepServed: (incarnation, urls, signal) =>
      call('keep', signal, ({ authority }) => authority.keepServed(incarnation, urls)),
  }
}

/** What a node's private listener makes of a request. */
export interface InnerRequest {
  readonly method: string
  readonly host: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly asker: Asker
}

export interface InnerAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
}

/** A node that answers others; the same object through all its restarts. */
export interface InnerNode {
  readonly program: Program
  /** Of this moment: requests of another log are told apart by it. */
  logId(): string
  answer(request: InnerRequest): Promise<InnerAnswer>
}

function unreachable(why: string): EdgeError {
  return new EdgeError('upstream-unreachable', 502, why)
}

/** An edge's way inward: what `HttpUpstream` and the door of the other node do, with a body that comes in pieces. */
export function upstreamTo(stage: Stage, from: Program, node: InnerNode): Upstream {
  return {
    marks: true,
    async ask(request, signal) {
      const answer = await stage.network.call({
        from,
        to: () => node.program,
        what: `ask ${request.target}`,
        signal,
        handle: () => node.answer(readHead(request, node.logId())),
        failure: unreachable,
      })
      return received(stage, from, answer)
    },
  }
}

function readHead(request: UpstreamRequest, logId: string): InnerRequest {
  const { method, target, headers } = request
  return { method, target, headers, host: HOST, asker: askerOf(headers, logId) }
}

function received(
  stage: Stage,
  from: Program,
  { status, headers, body }: InnerAnswer,
): UpstreamAnswer {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (body === null) return
    if (!(body instanceof Uint8Array)) return yield* body
    const { chance } = stage.world
    const half = Math.floor(body.byteLength / 2)
    yield body.subarray(0, half)
    await from.pause(chance.happens(stage.network.conditions.slow) ? chance.between(0, 400) : 0.5)
    if (chance.happens(stage.network.conditions.lost)) throw unreachable('the body broke off')
    yield body.subarray(half)
  }
  return { status, headers, body: pieces(), discard: () => undefined }
}

/** A control process's way to what an image server reads for it. */
export function lookTo(stage: Stage, from: Program, logId: () => Promise<string>): LookAtOriginal {
  return lookThrough(logId, async (target, need, signal) => {
    const node = stage.resizer!
    try {
      const answer = await stage.network.call({
        from,
        to: () => node.program,
        what: `look ${target}`,
        signal,
        handle: () => node.answer(readHead({ method: 'GET', target, headers: need }, node.logId())),
        failure: unreachable,
      })
      stage.world.meet('origin looked at')
      const { body, headers } = answer
      return body instanceof Uint8Array && answer.status === 200
        ? saidOf(headers, JSON.parse(Buffer.from(body).toString()))
        : null
    } catch (error) {
      if (error instanceof EdgeError || signal.aborted) return null
      throw error
    }
  })
}
