import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Preview, SelectionBody } from '../../../../src/contract/api/invalidations.ts'
import { api } from '../../api.ts'
import { browser } from '../../browser.ts'
import { keys } from '../../queries.ts'

/** Typing pauses longer than this are worth a question to the server. */
const TYPING_MS = 300

/** What a selection would purge. Nothing is kept: between two looks the library may have changed. */
export function previewOf(project: string, selection: SelectionBody) {
  return queryOptions({
    queryKey: [...keys.project(project), 'preview', selection],
    queryFn: ({ signal }) => api.preview(project, selection, signal),
  })
}

/** The same, asked anew whenever the selection changes. */
export function usePreview(
  project: string,
  selection: SelectionBody,
  enabled = true,
): UseQueryResult<Preview> {
  return useQuery({
    ...previewOf(project, selection),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    enabled,
  })
}

/** A value that follows another once it stood still. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => browser.after(TYPING_MS, () => setSettled(value)), [value])
  return settled
}
