import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import { ask } from '../test/support/http.ts'
import type { Figure } from './figure.ts'
import { startRaceOrigin } from './race-origin.ts'
import type { RaceOrigin } from './race-origin.ts'
import { ENTRIES } from './race-peers.ts'
import type { Contender, Entered } from './race-peers.ts'

/**
 * The race that caches lose: a fill reads the old version, the version is replaced and purged, and then the fill ends. What the cache
 * says afterwards is stale, or it is not. Nothing here depends on time: the origin's answer stands still until it is let go.
 */

const ROUNDS = 50
/** A cache may answer a purge only when the fill is over (Squid with collapsed forwarding), or hold a head back; then we go on. */
const PATIENCE_MS = 2_000
/** Some read the whole before they say anything; by then they have had what the origin sent. */
const HEAD_PATIENCE_MS = 50

/** `idle` is the control: nothing is under way, so that what is stale elsewhere is the race's and not a purge that does nothing. */
const PHASES = ['idle', 'head', 'body'] as const
type Phase = (typeof PHASES)[number]

export async function raceFigures(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const enter of ENTRIES) {
    const origin = await startRaceOrigin()
    try {
      const entered = await enter(origin.url)
      try {
        for (const contender of entered.contenders) {
          process.stderr.write(`bench: race: ${contender.name}\n`)
          figures.push(await raceOf(contender, entered, origin))
        }
        figures.push(...entered.notHere.map(({ name, debian }) => notHere(name, debian)))
      } finally {
        await entered.stop()
      }
    } finally {
      await origin.stop()
    }
  }
  return figures
}

function notHere(name: string, debian: string): Figure {
  return { what: `${name}, stale of ${ROUNDS}`, value: 'not here', beside: `package ${debian}` }
}

async function raceOf(
  contender: Contender,
  { version }: Entered,
  origin: RaceOrigin,
): Promise<Figure> {
  const stale: Record<Phase, number> = { idle: 0, head: 0, body: 0 }
  const statuses = new Set<number>()
  for (const phase of PHASES) {
    for (let round = 0; round < ROUNDS; round++) {
      const target = `/${contender.name.replaceAll(' ', '-')}/${phase}/${round}`
      const { isStale, status } = await race(contender, origin, target, phase)
      if (isStale) stale[phase] += 1
      if (phase !== 'idle') statuses.add(status)
    }
  }
  const { idle, head, body } = stale
  if (contender.name.startsWith('Sluice') && idle + head + body > 0) {
    throw new Error(`${contender.name} was stale: ${JSON.stringify(stale)}`)
  }
  return {
    what: `${contender.name}, stale of ${ROUNDS}`,
    value: `${head} waiting for the head, ${body} in mid-body`,
    beside: `${idle} with no fill under way; the purge was answered ${[...statuses].join(' or ')}; ${version}`,
  }
}

async function race(
  contender: Contender,
  origin: RaceOrigin,
  target: string,
  phase: Phase,
): Promise<{ readonly isStale: boolean; readonly status: number }> {
  const { url } = contender
  origin.put(target, 'old')
  const held = phase === 'idle' ? null : origin.hold(target, phase)
  const fill = begin(url + target)
  await held?.asked
  // In mid-body the cache has the head too, as far as one can see from outside.
  if (phase === 'body') await Promise.race([fill.head, patience(HEAD_PATIENCE_MS)])
  if (phase === 'idle') await fill.end
  origin.put(target, 'new')
  if (phase === 'idle') assert.match((await ask(url + target)).text, /^old/, 'it does not cache')
  const purged = contender.purge(target)
  await Promise.race([purged, patience(PATIENCE_MS)])
  held?.go()
  const status = await purged
  await fill.end
  // Twice: what a cache keeps may come into its place a moment after the last byte went out.
  const answers = [await ask(url + target), await ask(url + target)]
  return { isStale: answers.some((answer) => !answer.text.startsWith('new')), status }
}

function patience(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function begin(url: string) {
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent: false }, resolve).on('error', reject).end()
  })
  return { head, end: head.then((answer) => text(answer)) }
}
