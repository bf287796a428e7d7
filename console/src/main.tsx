// oxlint-disable-next-line import/no-unassigned-import -- style sheets have nothing to assign.
import './theme.css'
// oxlint-disable-next-line import/no-unassigned-import -- the same.
import '@react-spectrum/s2/page.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { takeSignInToken } from './sign-in-link.ts'

takeSignInToken()

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
