import { paths } from './paths.ts'

/** A one-time link is `<console>/#/sign-in/<token>`: browsers never send the part behind `#`, so no log holds it. */
const FRAGMENT = /^#\/sign-in\/([\w-]+)$/

let token: string | null = null

/** Takes the token out of the address, so that it stays in no history and no bookmark. */
export function takeSignInToken(): void {
  const found = FRAGMENT.exec(window.location.hash)
  if (found?.[1] === undefined) return
  token = found[1]
  window.history.replaceState(null, '', paths.signIn())
}

/** The token of the link that opened the page; once. */
export function usedSignInToken(): string | null {
  const taken = token
  token = null
  return taken
}
