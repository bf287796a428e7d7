import type { Routes } from './parts.ts'

/** The Prometheus text format. */
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8'

/** For whoever watches the process. */
export const healthRoutes: Routes = (app, parts) => {
  app.get('/healthz', { exposeHeadRoute: true }, async () => ({
    status: 'ok',
    version: parts.config.version,
  }))

  app.get('/readyz', { exposeHeadRoute: true }, async (_request, reply) => {
    const reasons = parts.notReady()
    return reply.code(reasons.length === 0 ? 200 : 503).send({
      status: reasons.length === 0 ? 'ready' : 'not ready',
      reasons,
    })
  })

  app.get('/metrics', async (_request, reply) =>
    reply.type(EXPOSITION).send(await parts.metrics.exposition()),
  )
}
