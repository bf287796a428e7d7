import { Provider, ToastContainer } from '@react-spectrum/s2'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ConnectionBanner } from './shell/connection-banner.tsx'
import { onSignedOut } from './http.ts'
import { paths } from './paths.ts'
import { keys, queryClient } from './queries.ts'
import { router } from './router.tsx'

/** Spectrum's links go through our router; links to files and other hosts do not. */
const spectrumRouter = { navigate: (href: string) => router.history.push(href) }

export function App() {
  useEffect(() => {
    onSignedOut(() => {
      queryClient.removeQueries({ queryKey: keys.me })
      const here = router.state.location.href
      if (here.startsWith('/sign-in')) return
      router.history.push(paths.signIn(here))
    })
  }, [])
  return (
    <Provider router={spectrumRouter} locale="en-US">
      <QueryClientProvider client={queryClient}>
        <ConnectionBanner />
        <RouterProvider router={router} />
        <ToastContainer placement="bottom end" />
      </QueryClientProvider>
    </Provider>
  )
}
