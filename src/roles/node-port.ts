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
      const answers: Readonly<Record<string, () => void>> = {
        '/healthz': () => plain(200, 'ok\n'),
        '/readyz': () =>
          waiting.length === 0 ? plain(200, 'ready\n') : plain(503, `${waiting.join('\n')}\n`),
        '/metrics': () =>
          void metrics.exposition().then(
            (text) => plain(200, text),
            () => plain(500, 'metrics failed\n'),
          ),
      }
      const answer = answers[request.url ?? '']
      if (answer) answer()
      else plain(404, 'healthz, readyz and metrics are here\n')
    },
    { ...place, setting: 'SLUICE_NODE_PORT' },
  )
}
