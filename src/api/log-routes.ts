import { Readable } from 'node:stream'

import { ExportQuery, InvalidationReport } from '../contract/api/invalidations.ts'
import { exportLog } from '../invalidation/log-export.ts'
import { reportOf } from '../invalidation/report.ts'
import { answers } from './answers.ts'
import { projectOf } from './guard.ts'
import { filterOf } from './invalidation-filter.ts'
import type { Routes } from './parts.ts'

/** The log as files and texts: for spreadsheets, incident reviews and tickets. */

const I = '/api/v1/projects/:project/invalidations'
const tags = ['invalidations']
const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/json; charset=utf-8' } as const

export const logFileRoutes: Routes = (app, parts) => {
  app.get(
    `${I}/export`,
    {
      schema: {
        summary: 'The log as a file (CSV or JSON), newest first, with the filters of the list',
        tags,
        querystring: ExportQuery,
      },
    },
    async (request, reply) => {
      const { id } = projectOf(request)
      const { format = 'csv', ...query } = request.query
      const rows = exportLog(
        (filter, page) => parts.invalidations.list(id, filter, { ...page, signal: request.signal }),
        filterOf(query),
        format,
      )
      return reply
        .type(TYPES[format])
        .header('content-disposition', `attachment; filename="invalidations-${id}.${format}"`)
        .send(Readable.from(rows))
    },
  )

  app.get<{ Params: { id: string } }>(
    `${I}/:id/report`,
    {
      schema: {
        summary: 'What happened, as a text for a ticket',
        tags,
        response: { 200: answers(InvalidationReport) },
      },
    },
    async (request) => {
      const project = projectOf(request)
      const { version } = parts.config
      const invalidation = await parts.invalidations.get(project.id, request.params.id)
      return reportOf(invalidation, { version, supportUrl: project.supportUrl })
    },
  )
}
