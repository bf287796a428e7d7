import { listen } from '../kernel/http-server.ts'
import type { Listening } from '../kernel/http-server.ts'
import type { Metrics } from '../kernel/metrics.ts'

/** The private port of a separate node: `/healthz`, `/readyz` and `/metrics`, never on a public one. */
export function openNodePort(
  place: { host: string; port: number },
  metrics: Metrics,
  notReady: () => readonly string[],
): Promise<Listening> {
  return listen(
    (request, response) => {
      const plain = (status: number, body: string): void => {
        response.writeHead(status, {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'no-store',
        })
        response.end(body)
      }
      const waiting = notReady()
      switch (request.url) {
        case '/healthz':
          return plain(200, 'ok\n')
        case '/readyz':
          return waiting.length === 0
            ? plain(200, 'ready\n')
            : plain(503, `${waiting.join('\n')}\n`)
        case '/metrics':
          return void metrics.exposition().then(
            (text) => plain(200, text),
            () => plain(500, 'metrics failed\n'),
          )
        default:
          return plain(404, 'healthz, readyz and metrics are here\n')
      }
    },
    { ...place, setting: 'SLUICE_NODE_PORT' },
  )
}
