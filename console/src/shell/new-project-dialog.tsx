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
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../api.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { paths } from '../paths.ts'
import { keys, queries, queryClient } from '../queries.ts'
import { newProject } from './new-project.ts'

interface NewProjectDialogProps {
  /** The project whose publish server is suggested. */
  readonly like: string
  readonly onDone: () => void
}

/** Makes a project that can be used at once, and leads to its settings. */
export function NewProjectDialog({ like, onDone }: NewProjectDialogProps) {
  const router = useRouter()
  const { data: other } = useQuery(queries.project(like))
  const [id, setId] = useState('')
  const [typed, setServer] = useState<string | null>(null)
  const server = typed ?? other?.publishServer ?? ''
  const make = useMutation({
    mutationFn: () => api.createProject(newProject(id.trim(), server.trim())),
    onSuccess: async (project) => {
      await queryClient.invalidateQueries({ queryKey: keys.me })
      ToastQueue.positive(`${project.id} is there. Add people, origins and assets.`, {
        timeout: 8000,
      })
      onDone()
      router.history.push(paths.settings(project.id))
    },
  })
  return (
    <Dialog size="M">
      <Heading slot="title">New project</Heading>
      <Content>
        <Form id="project-form" onSubmit={(event) => (event.preventDefault(), make.mutate())}>
          <ProblemAlert error={make.error} />
          <TextField
            label="Name"
            description="Letters, digits, dashes and underscores. It stands in its URLs and does not change any more."
            value={id}
            onChange={setId}
            pattern="[A-Za-z0-9][A-Za-z0-9_-]*"
            maxLength={64}
            autoComplete="off"
            spellCheck="false"
            isRequired
            autoFocus
          />
          <TextField
            label="Publish server"
            description="Where its visitors fetch pictures. It can be changed in General Settings."
            value={server}
            onChange={setServer}
            spellCheck="false"
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onDone}>
          Cancel
        </Button>
        <Button variant="accent" type="submit" form="project-form" isPending={make.isPending}>
          Create
        </Button>
      </ButtonGroup>
    </Dialog>
  )
}
