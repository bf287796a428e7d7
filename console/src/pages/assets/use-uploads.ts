import { ToastQueue } from '@react-spectrum/s2'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api.ts'
import { keys, queryClient } from '../../queries.ts'
import { replaced } from '../../replaced.ts'
import type { ProjectHere } from '../../use-project.ts'

export interface Upload {
  readonly id: string
  readonly file: Blob
}

export interface FailedUpload {
  readonly id: string
  readonly error: unknown
}

export interface Uploads {
  readonly running: readonly string[]
  /** How much of the first of them is sent, 0 to 1. */
  readonly sent: number
  readonly failed: readonly FailedUpload[]
  readonly send: (uploads: readonly Upload[]) => void
  readonly forgetFailed: () => void
}

/** Sends files one after the other: two at once would only share the line, and could be two versions of one asset. */
export function useUploads(project: string): Uploads {
  const [running, setRunning] = useState<readonly string[]>([])
  const [sent, setSent] = useState(0)
  const [failed, setFailed] = useState<readonly FailedUpload[]>([])
  const send = useMutation({
    mutationFn: async (uploads: readonly Upload[]) => {
      setFailed([])
      setRunning(uploads.map(({ id }) => id))
      for (const { id, file } of uploads) {
        setSent(0)
        await sendOne(project, id, file, setSent).catch((error: unknown) => {
          setFailed((before) => [...before, { id, error }])
        })
        setRunning((before) => before.filter((other) => other !== id))
      }
    },
  })
  return { running, sent, failed, send: send.mutate, forgetFailed: () => setFailed([]) }
}

async function sendOne(
  project: string,
  id: string,
  file: Blob,
  onSent: (share: number) => void,
): Promise<void> {
  const asset = await api.putAsset(project, id, file, onSent)
  await refreshAssets(project)
  replaced.add(project, asset.id)
  ToastQueue.positive(
    asset.version === 1 ? `${asset.id} added` : `${asset.id} is now version ${asset.version}`,
    { timeout: 5000 },
  )
}

export async function refreshAssets(project: string): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.assets(project) })
  await queryClient.invalidateQueries({ queryKey: keys.copies(project) })
  await queryClient.invalidateQueries({ queryKey: keys.live(project) })
}

/** After an asset was taken away: caches that nobody has told go on showing it. */
export function tellStillShown(here: ProjectHere, asset: string, invalidate: () => void): void {
  if (here.project.automaticInvalidation) return
  ToastQueue.info(`Edges may go on showing ${asset} until it is invalidated.`, {
    actionLabel: 'Invalidate',
    onAction: invalidate,
    shouldCloseOnAction: true,
  })
}
