import type { Host } from './host.ts'
import { CALM } from './network.ts'
import type { OuterCache } from './outer-cache.ts'
import type { FaultKind } from './profile.ts'
import type { Theatre } from './theatre.ts'

/** What goes wrong, each for a while: up to a few leases, so that some faults outlive every grant and some none. */
export class Faults {
  readonly #theatre: Theatre
  /** What has been begun and not yet undone; the end of all faults undoes it. */
  readonly #undo = new Set<() => void>()
  #over = false

  constructor(theatre: Theatre) {
    this.#theatre = theatre
  }

  cause(kind: FaultKind): void {
    if (this.#over) return
    this.#theatre.stage.world.meet(`fault ${kind}`)
    this.#cause(kind)
  }

  end(): void {
    this.#over = true
    for (const undo of Array.from(this.#undo)) undo()
  }

  #cause(kind: FaultKind): void {
    const theatre = this.#theatre
    const { world, network, origin } = theatre.stage
    const { chance } = world
    const node = chance.pick(theatre.nodes)
    switch (kind) {
      case 'crashNode': {
        if (!node.program.alive) return
        node.crash(chance.happens(0.7), chance.happens(0.5))
        return this.#for('', () => void node.start(), 0.5)
      }
      case 'restartNode':
        if (!node.program.running) return
        return void node.program.later(0, () => void node.restart())
      case 'crashControl':
        return this.#crashControl(Math.floor(chance.number() * theatre.stage.controls.length))
      case 'powerCut':
        // Of the database and whoever works on it: what was not synced is gone.
        for (const at of theatre.stage.controls.keys()) this.#crashControl(at)
        return theatre.stage.database.powerCut()
      case 'replaceStore':
        return theatre.replaceStore()
      case 'stopNode':
        node.program.stop()
        return this.#for(`${node.host.name} stopped`, () => node.program.resume())
      case 'stopControl': {
        const { program } = chance.pick(theatre.stage.controls)
        program.stop()
        return this.#for(`${program.name} stopped`, () => program.resume())
      }
      case 'suspend':
        node.program.stop()
        node.host.suspend()
        return this.#for(`${node.host.name} suspended`, () => node.program.resume())
      case 'cutFromControl': {
        const { host } = chance.pick(theatre.stage.controls).program
        return this.#cut(node.host, host)
      }
      case 'cutInward': {
        const other = chance.pick(theatre.nodes)
        return this.#cut(node.host, other.host)
      }
      case 'badNetwork': {
        const { network: worst } = theatre.profile
        network.conditions = {
          lost: chance.between(0, worst.lost),
          repeated: chance.between(0, worst.repeated),
          slow: chance.between(0, worst.slow),
          slowMs: chance.between(0, theatre.stage.leaseMs * 2),
        }
        return this.#for('bad network', () => {
          network.conditions = { ...CALM }
        })
      }
      case 'slowOrigin':
        origin.slowMs = chance.between(5, theatre.profile.originSlowMs)
        return this.#for('slow origin', () => {
          origin.slowMs = 3
        })
      case 'remoteFails':
        origin.remoteFails = true
        return this.#for('the remote origin fails', () => {
          origin.remoteFails = false
        })
      case 'keptBefore':
        origin.keepBefore()
        return this.#for('a cache before the remote origin keeps what it has', () =>
          origin.keepNothingBefore(),
        )
      case 'naps': {
        // Each is within the margin, and goes unnoticed by whoever compares two looks at the clocks.
        const nap = (left: number): void => {
          if (left === 0 || this.#over) return
          node.program.stop()
          node.host.suspend()
          world.after(chance.between(40, 110), () => {
            node.program.resume()
            world.after(chance.between(10, 60), () => nap(left - 1))
          })
        }
        world.note('fault', `${node.host.name} naps`)
        return nap(8)
      }
      case 'wallJump': {
        // Set back during a suspend, a clock would hide it: such a run has the one or the other.
        const ms = chance.between(theatre.suspends ? 0 : -5_000, 5_000)
        world.note('fault', `${node.host.name}: time of day moves by ${ms.toFixed(0)} ms`)
        return node.host.jumpWall(ms)
      }
      case 'outerLies':
        return this.#outerIs('lying')
      case 'outerLimits':
        return this.#outerIs('limiting')
      case 'outerIsLate':
        return this.#outerIs('late')
      case 'trimLog':
        return void theatre.stage.database.trimLog(Math.floor(chance.between(0, 4)))
      case 'sweep':
        return void node.program.later(0, () => node.sweep())
      case 'fold':
        return void node.program.later(0, () => node.fold())
    }
  }

  /** Both ways, or one: what the one sends is lost, and what it is sent arrives. */
  #cut(one: Host, other: Host): void {
    const { network, world } = this.#theatre.stage
    const there = world.chance.pick([true, true, false])
    const back = world.chance.pick([true, true, false]) || !there
    if (there !== back) world.meet('partition one way')
    if (there) network.cut(one, other)
    if (back) network.cut(other, one)
    const way = there === back ? 'and' : there ? 'to' : 'from'
    this.#for(`cut off: ${one.name} ${way} ${other.name}`, () => {
      if (there) network.mend(one, other)
      if (back) network.mend(other, one)
    })
  }

  #outerIs(mood: OuterCache['mood']): void {
    const { outer } = this.#theatre
    if (!outer) return
    outer.mood = mood
    this.#for(`the cache outside is ${mood}`, () => {
      outer.mood = 'honest'
    })
  }

  #crashControl(at: number): void {
    const { stage } = this.#theatre
    const control = stage.controls[at]!
    if (!control.program.alive) return
    control.program.crash()
    this.#for(`${control.program.name} crashed`, () => this.#theatre.startControl(at), 0.5)
  }

  /** Undoes it after up to three leases. */
  #for(what: string, undo: () => void, share = 1): void {
    const { world, leaseMs } = this.#theatre.stage
    const once = (): void => {
      if (!this.#undo.delete(once)) return
      if (what !== '') world.note('fault', `${what}: over`)
      undo()
    }
    this.#undo.add(once)
    const ms = world.chance.between(0, leaseMs * 3) * share
    if (what !== '') world.note('fault', `${what} for ${ms.toFixed(0)} ms`)
    world.after(ms, once)
  }
}
