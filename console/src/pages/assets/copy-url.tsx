import { ActionButton, Menu, MenuItem, MenuTrigger, Text, ToastQueue } from '@react-spectrum/s2'
import Copy from '@react-spectrum/s2/icons/Copy'
import type { Asset } from '../../../../src/contract/api/assets.ts'
import type { Preset } from '../../../../src/contract/api/projects.ts'
import { urlsOf } from '../../asset-names.ts'
import { browser } from '../../browser.ts'

interface CopyUrlProps {
  readonly asset: Asset
  readonly presets: readonly Preset[]
}

async function copy(url: string): Promise<void> {
  if (await browser.copy(url)) ToastQueue.positive('URL copied', { timeout: 5000 })
  else ToastQueue.negative(`The browser did not allow copying. The URL is ${url}`)
}

function tellNoUrl({ notDelivered }: Asset): void {
  ToastQueue.info(
    notDelivered ??
      'No publish server is set, so it has no URL yet. An admin sets it in General Settings.',
  )
}

/** A menu with the URL of each preset; choosing one copies it. */
export function CopyUrl({ asset, presets }: CopyUrlProps) {
  const urls = urlsOf(asset, presets)
  if (urls.length === 0) {
    return (
      <ActionButton
        isQuiet
        size="S"
        aria-label={`Copy URL of ${asset.id}`}
        onPress={() => tellNoUrl(asset)}
      >
        <Copy />
        <Text>Copy URL</Text>
      </ActionButton>
    )
  }
  return (
    <MenuTrigger>
      <ActionButton isQuiet size="S" aria-label={`Copy URL of ${asset.id}`}>
        <Copy />
        <Text>Copy URL</Text>
      </ActionButton>
      <Menu aria-label="Copy the URL" onAction={(url) => void copy(String(url))}>
        {urls.map(({ name, url }) => (
          <MenuItem key={url} id={url} textValue={name}>
            <Text slot="label">{name}</Text>
            <Text slot="description">{url}</Text>
          </MenuItem>
        ))}
      </Menu>
    </MenuTrigger>
  )
}
