import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Form,
  Heading,
  TextField,
  ToastQueue,
} from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Me } from '../../../src/contract/api/session.ts'
import { api } from '../api.ts'
import { setCsrf } from '../http.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { keys, queryClient } from '../queries.ts'

interface PasswordDialogProps {
  readonly me: Me
  readonly onDone: () => void
}

export function PasswordDialog({ me, onDone }: PasswordDialogProps) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => api.setPassword(current === '' ? undefined : current, next),
    onSuccess: (session) => {
      // Every other session ends, and this one is a new one.
      setCsrf(session.me.csrf)
      queryClient.setQueryData(keys.me, session.me)
      ToastQueue.positive('Password saved', { timeout: 5000 })
      onDone()
    },
  })
  return (
    <Dialog size="S">
      <Heading slot="title">{me.hasPassword ? 'Change password' : 'Choose a password'}</Heading>
      <Content>
        <Form id="password-form" onSubmit={(event) => (event.preventDefault(), change.mutate())}>
          <ProblemAlert error={change.error} />
          {me.hasPassword ? (
            <TextField
              label="Current password"
              type="password"
              autoComplete="current-password"
              description="Leave it empty if you have just come in by a sign-in link."
              value={current}
              onChange={setCurrent}
            />
          ) : null}
          <TextField
            label="New password"
            type="password"
            autoComplete="new-password"
            description="At least 10 characters."
            value={next}
            onChange={setNext}
            minLength={10}
            isRequired
            autoFocus
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" type="submit" form="password-form" isPending={change.isPending}>
          Save
        </Button>
      </ButtonGroup>
    </Dialog>
  )
}
