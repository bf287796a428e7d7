import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Started } from './serve.ts'

/** A real Chromium that also keeps watch: over the content security policy, other hosts, and errors in the page. */

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Longer than anything here takes on a busy machine with two cores. */
const STEP_TIMEOUT_MS = 15_000

export interface Watch {
  /** Violations, requests to other hosts and errors, in words. Empty when all is well. */
  readonly findings: string[]
}

export interface Visit extends Watch {
  readonly page: Page
  readonly context: BrowserContext
  close(): Promise<void>
}

export interface VisitOptions {
  readonly width?: number
  readonly dark?: boolean
  /** Cookies of another visit. */
  readonly state?: Awaited<ReturnType<BrowserContext['storageState']>>
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS })
}

export async function visit(
  browser: Browser,
  baseUrl: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: baseUrl,
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
    ...(options.state === undefined ? {} : { storageState: options.state }),
  })
  context.setDefaultTimeout(STEP_TIMEOUT_MS)
  const findings = await watch(context, new URL(baseUrl).origin)
  return { page: await context.newPage(), context, findings, close: () => context.close() }
}

/** A visit of whoever has the one-time link that a first start prints. */
export async function signedIn(
  browser: Browser,
  { consoleUrl, signInLink }: Pick<Started, 'consoleUrl' | 'signInLink'>,
): Promise<Visit> {
  assert.ok(signInLink, 'a first start prints a sign-in link')
  const desk = await visit(browser, consoleUrl)
  await desk.page.goto(signInLink)
  await desk.page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  return desk
}

async function watch(context: BrowserContext, origin: string): Promise<string[]> {
  const findings: string[] = []
  await context.exposeBinding('reportViolation', (_source, text: string) => {
    findings.push(`content security policy: ${text}`)
  })
  // A text, because it runs in the page, whose names this program's types do not know.
  await context.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(event.violatedDirective + ' ' + event.blockedURI)
    })
  `)
  context.on('request', (request) => {
    const url = new URL(request.url())
    const isOurs = url.origin === origin || url.protocol === 'data:' || url.protocol === 'blob:'
    if (!isOurs) findings.push(`request to another host: ${request.url()}`)
  })
  context.on('weberror', (error) => {
    findings.push(`error in the page: ${String(error.error())}`)
  })
  return findings
}

/** React Aria's announcements, kept for seconds: one may name the button that was pressed on the page before. */
const ANNOUNCER = '[data-live-announcer]'

/** What axe finds serious or critical on the page as it is now, in words; by all its rules, or by some. */
export async function seriousAxeFindings(
  page: Page,
  rules: readonly string[] = [],
): Promise<string[]> {
  const axe = new AxeBuilder({ page }).exclude(ANNOUNCER)
  const { violations } = await (rules.length === 0 ? axe : axe.withRules([...rules])).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
}
