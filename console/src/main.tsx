import '@react-spectrum/s2/page.css'
import { Button, Provider } from '@react-spectrum/s2'
import { createRoot } from 'react-dom/client'

createRoot(document.getElementById('root')!).render(
  <Provider background="base">
    <Button variant="accent">Sluice</Button>
  </Provider>,
)
