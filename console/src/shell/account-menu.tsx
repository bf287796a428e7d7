import {
  ActionButton,
  DialogContainer,
  Menu,
  MenuItem,
  MenuTrigger,
  Text,
} from '@react-spectrum/s2'
import UserAvatar from '@react-spectrum/s2/icons/UserAvatar'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import type { Me } from '../../../src/contract/api/session.ts'
import { api } from '../api.ts'
import { paths } from '../paths.ts'
import { queryClient } from '../queries.ts'
import { toastFailure } from '../toast.ts'
import { PasswordDialog } from './password-dialog.tsx'
import styles from './shell.module.css'

export function AccountMenu({ me }: { readonly me: Me }) {
  const router = useRouter()
  const [changing, setChanging] = useState(false)
  const signOut = useMutation({
    mutationFn: api.signOut,
    onSuccess: () => {
      router.history.push(paths.signIn())
      queryClient.clear()
    },
    onError: toastFailure,
  })
  return (
    <>
      <MenuTrigger align="end">
        <ActionButton isQuiet aria-label={`Account ${me.name}`}>
          <UserAvatar />
          <Text UNSAFE_className={styles['account'] ?? ''}>{me.name}</Text>
        </ActionButton>
        <Menu
          aria-label="Account"
          onAction={(key) => (key === 'sign-out' ? signOut.mutate() : setChanging(true))}
        >
          <MenuItem id="password">
            {me.hasPassword ? 'Change password' : 'Choose a password'}
          </MenuItem>
          <MenuItem id="sign-out">Sign out</MenuItem>
        </Menu>
      </MenuTrigger>
      <DialogContainer onDismiss={() => setChanging(false)}>
        {changing ? <PasswordDialog me={me} onDone={() => setChanging(false)} /> : null}
      </DialogContainer>
    </>
  )
}
