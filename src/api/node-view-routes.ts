import { Empty } from '../contract/api/shapes.ts'
import { NodeList, NodeView } from '../contract/api/nodes.ts'
import type { NodeRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { ApiError } from './errors.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, ApiServer } from './parts.ts'
import { nodeView } from './views.ts'

/** Our own resizers and edges, as people see them. */
export function nodeViewRoutes(app: ApiServer, parts: ApiParts, closing: AbortSignal): void {
  const dismissals = new Set<Promise<void>>()
  app.addHook('onClose', async () => {
    await Promise.all(dismissals)
  })
  const tags = ['nodes']

  app.get(
    '/api/v1/nodes',
    { schema: { summary: 'Resizers and edges', tags, response: { 200: answers(NodeList) } } },
    async () => {
      const head = await parts.store.tables.log.head()
      const rows = await parts.store.tables.nodes.list()
      return wholeList(rows.map((row) => nodeView(row, head, parts.config.leaseMs)))
    },
  )

  app.get<{ Params: { id: string } }>(
    '/api/v1/nodes/:id',
    { schema: { summary: 'A node', tags, response: { 200: answers(NodeView) } } },
    async (request) => {
      const row = await nodeOf(parts, request.params.id)
      return nodeView(row, await parts.store.tables.log.head(), parts.config.leaseMs)
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/api/v1/nodes/:id',
    {
      schema: {
        summary: 'Drain and remove; one that still runs registers again',
        description: 'It gets no grants from now on, and is forgotten once its last lease is over.',
        tags,
        response: { 202: answers(Empty) },
      },
    },
    async (request, reply) => {
      const { incarnation } = await nodeOf(parts, request.params.id)
      const dismissal = parts.authority
        .dismiss(incarnation, closing)
        .catch((error: unknown) => {
          if (!closing.aborted) parts.log.error({ err: error, incarnation }, 'dismissal')
        })
        .finally(() => dismissals.delete(dismissal))
      dismissals.add(dismissal)
      return reply.code(202).send({})
    },
  )
}

/** By incarnation, else by name: of several with one name the one that is in. */
async function nodeOf(parts: ApiParts, id: string): Promise<NodeRow> {
  const rows = await parts.store.tables.nodes.list()
  const named = rows.filter((row) => row.incarnation === id || row.id === id)
  const row = named.find(({ state }) => state === 'in') ?? named[0]
  if (row !== undefined) return row
  throw new ApiError('unknown-node', 'No resizer or edge of that id is registered.')
}
