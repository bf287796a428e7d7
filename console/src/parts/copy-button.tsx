import { ActionButton, Text, ToastQueue } from '@react-spectrum/s2'
import Copy from '@react-spectrum/s2/icons/Copy'
import { browser } from '../browser.ts'

async function copy(text: string, what: string): Promise<void> {
  if (await browser.copy(text)) ToastQueue.positive(`${what} copied`, { timeout: 5000 })
  else
    ToastQueue.negative('The browser did not allow copying. Select the text and copy it by hand.')
}

/** Copies a text. `what` names it: `URL`, `Invalidation ID`. */
export function CopyButton(props: {
  readonly text: string
  readonly what: string
  readonly label?: string
}) {
  const name = `Copy ${props.what}`
  return (
    <ActionButton
      isQuiet
      size="S"
      aria-label={props.label === undefined ? name : undefined!}
      onPress={() => void copy(props.text, props.what)}
    >
      <Copy />
      {props.label === undefined ? null : <Text>{props.label}</Text>}
    </ActionButton>
  )
}
