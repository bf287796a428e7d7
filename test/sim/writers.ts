import type { Selection } from '../../src/contract/invalidation.ts'
import type { Control } from './control.ts'
import type { WriteKind } from './profile.ts'
import { ASSETS, HOST, MOVED, REMOTE, URLS, versionText } from './scene.ts'
import type { Stage } from './stage.ts'
import { ABSENT } from './truth.ts'

const ASSET_IDS = [...ASSETS, MOVED]

/** Who replaces originals, moves assets, changes the preset, and asks for invalidations of it. */
export class Writers {
  readonly #stage: Stage
  #version = 1

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async write(kind: WriteKind): Promise<void> {
    const { chance } = this.#stage.world
    const version = (this.#version += 1)
    this.#stage.world.meet(`write ${kind}`)
    switch (kind) {
      case 'put': {
        const { truth } = this.#stage.origin
        const id = chance.pick(ASSET_IDS.filter((each) => truth.of(each).value !== ABSENT))
        await this.#library((control) => control.put(id, versionText(version, id)))
        return this.#maybePurge(id)
      }
      case 'remote': {
        const text = chance.happens(0.1) ? ABSENT : versionText(version, REMOTE)
        this.#stage.origin.setRemote(REMOTE, text)
        this.#stage.world.note('remote', text)
        return this.#maybePurge(REMOTE)
      }
      case 'move': {
        const there = this.#stage.origin.truth.of(MOVED).value !== ABSENT
        const [from, to] = there ? [MOVED, ASSETS[0]] : [ASSETS[0], MOVED]
        await this.#library((control) => control.move(from, to))
        await this.#maybePurge(from)
        return this.#maybePurge(to)
      }
      case 'preset':
        await this.#library((control) => control.setPreset(`wid=${100 + version}`))
        return this.#maybePurge(chance.pick(ASSET_IDS))
      case 'soft': {
        const subject = chance.pick([...ASSET_IDS, REMOTE])
        const softMs = chance.between(50, 1_500)
        return this.#at(chance.pick(this.#stage.controls), (control) =>
          control.purgeSoftly(subject, softMs),
        )
      }
      case 'packed': {
        const subject = chance.pick([...ASSET_IDS, REMOTE])
        const softMs = chance.happens(0.5) ? chance.between(50, 1_500) : undefined
        if (softMs !== undefined) this.#stage.world.meet('write packed softly')
        return this.#at(chance.pick(this.#stage.controls), (control) =>
          control.purgePacked(subject, softMs),
        )
      }
      case 'purgeOnly':
        return this.#maybePurge(chance.pick([...ASSET_IDS, REMOTE]))
    }
  }

  /** One process changes the library at a time: others would be refused by its rows. */
  #library(work: (control: Control) => Promise<void>): Promise<void> {
    return this.#at(this.#stage.controls[0]!, work)
  }

  async #maybePurge(subject: string): Promise<void> {
    const { chance } = this.#stage.world
    if (chance.happens(0.15)) return
    const control = chance.pick(this.#stage.controls)
    return this.#at(control, (asked) => asked.invalidate(this.#selection(subject)))
  }

  /** Inside a control process; nothing when it is not there. */
  async #at(control: Control, work: (control: Control) => Promise<void>): Promise<void> {
    if (control.isOpen) await control.serve(() => work(control))
  }

  #selection(subject: string): Partial<Selection> {
    const { chance } = this.#stage.world
    const targets = URLS.filter((url) => url.subject === subject).map((url) => url.target)
    const url = `http://${HOST}${chance.pick(targets)}`
    const isAsset = subject !== REMOTE
    // An asset that was moved away is no asset any more: its folder and its URLs still can be purged.
    const exists = isAsset && this.#stage.origin.truth.of(subject).value !== ABSENT
    const ways = {
      url: 3,
      path: 1,
      everything: 0.5,
      subject: exists || !isAsset ? 4 : 0,
      folder: isAsset ? 1 : 0,
    }
    switch (chance.weighed(ways)) {
      case 'url':
        return { urls: [url] }
      case 'path':
        return { urls: [url.split('?')[0]!] }
      case 'everything':
        return { everything: true }
      case 'subject':
        return isAsset ? { assets: [subject], renditions: true } : { originals: [subject] }
      case 'folder':
        return { folders: [subject.split('/')[0]!] }
    }
  }
}
