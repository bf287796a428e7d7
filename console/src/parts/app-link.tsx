import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent } from 'react'

type AnchorProps = AnchorHTMLAttributes<HTMLAnchorElement>

/** A link inside the console: a real address for a new tab, no page load for a plain click. */
export function AppLink({ href, onClick, ...rest }: AnchorProps & { readonly href: string }) {
  const router = useRouter()
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event)
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey
    if (event.defaultPrevented || event.button !== 0 || modified || rest.target) return
    event.preventDefault()
    router.history.push(href)
  }
  // oxlint-disable-next-line jsx-a11y/anchor-has-content -- the children come with `rest`.
  return <a href={href} onClick={follow} {...rest} />
}
