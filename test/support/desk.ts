import { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, signedIn } from './browser.ts'
import type { Visit } from './browser.ts'
import { program } from './programs.ts'
import { startServe } from './serve.ts'
import type { StartOptions, Started } from './serve.ts'

/** Somebody before the console: a Sluice of their own, a browser, and a page in which they are signed in. */
export interface Desk extends Omit<Visit, 'close'> {
  readonly serve: Started
  readonly browser: Browser
}

/** For suites that need a browser: `describe(name, WITH_CHROMIUM, …)`. */
export const WITH_CHROMIUM = { skip: program('chromium').skip }

/**
 * For the suite in which it is called: ready before its first test and before whatever the suite does in a `before` behind this. Options
 * are asked for as late as that, for what an earlier `before` has made.
 */
export function deskForSuite(options: () => StartOptions & { edges?: number } = () => ({})): Desk {
  let serve: Started | undefined
  let browser: Browser | undefined
  let visit: Visit | undefined
  before(async () => {
    serve = await startServe(options())
    browser = await launchBrowser(program('chromium').path)
    visit = await signedIn(browser, serve)
  })
  after(async () => {
    await browser?.close()
    await serve?.stop()
  })
  return {
    get serve() {
      return serve!
    },
    get browser() {
      return browser!
    },
    get page() {
      return visit!.page
    },
    get context() {
      return visit!.context
    },
    get findings() {
      return visit!.findings
    },
  }
}
