import { Button, Form, TextField } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Session } from '../../../../src/contract/api/session.ts'
import { api } from '../../api.ts'
import { setCsrf } from '../../http.ts'
import { ProblemAlert } from '../../parts/problem-alert.tsx'
import { keys, queryClient } from '../../queries.ts'
import { usedSignInToken } from '../../sign-in-link.ts'
import styles from './sign-in.module.css'

/** Only addresses of our own: a link in an e-mail must not send people elsewhere after signing in. */
function safeTarget(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/'
}

function useSignedIn(): (session: Session) => void {
  const router = useRouter()
  const search: { readonly to?: string } = useSearch({ strict: false })
  return ({ me }) => {
    queryClient.clear()
    setCsrf(me.csrf)
    queryClient.setQueryData(keys.me, me)
    router.history.replace(safeTarget(search.to))
  }
}

export function SignInPage() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const onSuccess = useSignedIn()
  const byPassword = useMutation({ mutationFn: () => api.signIn(email, password), onSuccess })
  const byLink = useMutation({ mutationFn: api.signInByLink, onSuccess })
  useEffect(() => {
    document.title = 'Sign in · Sluice'
    const token = usedSignInToken()
    if (token !== null) byLink.mutate(token)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once, when the page opens.
  }, [])
  return (
    <main className={styles['page']}>
      <div className={styles['card']}>
        <div className={styles['brand']}>
          <img src="/sluice.svg" alt="" width="36" height="36" />
          <h1>Sign in to Sluice</h1>
        </div>
        {byLink.isPending ? <p role="status">Signing in with your link…</p> : null}
        <ProblemAlert error={byPassword.error ?? byLink.error} />
        <Form onSubmit={(event) => (event.preventDefault(), byPassword.mutate())}>
          <TextField
            label="E-mail"
            name="email"
            autoComplete="username"
            value={email}
            onChange={setEmail}
            isRequired
          />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
            isRequired
          />
          <Button type="submit" variant="accent" isPending={byPassword.isPending}>
            Sign in
          </Button>
        </Form>
        <p className={styles['hint']}>
          No password, or forgotten? On the machine that runs Sluice,{' '}
          <code>npx sluice admin link</code> prints a one-time sign-in link.
        </p>
      </div>
    </main>
  )
}
