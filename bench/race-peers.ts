import { ask } from '../test/support/http.ts'
import { startRole } from '../test/support/serve.ts'
import { machineName, packageFile, packageProgram, startPeer, versionOf } from './peer.ts'

/** One way to purge one cache. */
export interface Contender {
  /** Also the first part of its paths, so that two ways to purge one cache do not meet. */
  readonly name: string
  readonly url: string
  /** Resolves to the status of the answer to the purge. */
  purge(target: string): Promise<number>
}

/** A cache that was started for the race, or the Debian package that would bring it. */
export interface Entered {
  readonly version: string
  readonly contenders: readonly Contender[]
  readonly notHere: readonly { readonly name: string; readonly debian: string }[]
  stop(): Promise<void>
}

type Enter = (origin: string) => Promise<Entered>

export const ENTRIES: readonly Enter[] = [enterSluice, enterVarnish, enterNginx, enterSquid]

async function statusOf(url: string, method: string, headers = {}): Promise<number> {
  return (await ask(url, { method, headers })).status
}

function absent(name: string, debian: string): Entered {
  return { version: '', contenders: [], notHere: [{ name, debian }], stop: async () => undefined }
}

async function enterSluice(origin: string): Promise<Entered> {
  const args = ['--upstream', origin, '--edge-ports', '0', '--purge-from', '127.0.0.1']
  const edge = await startRole('edge', { args })
  const url = edge.edges[0]!
  return {
    version: 'this',
    contenders: [{ name: 'Sluice edge', url, purge: (target) => statusOf(url + target, 'PURGE') }],
    notHere: [],
    stop: async () => void (await edge.stop()),
  }
}

function vcl(origin: URL, xkey: boolean): string {
  return `vcl 4.1;
import std;
${xkey ? 'import xkey;' : ''}
backend default { .host = "${origin.hostname}"; .port = "${origin.port}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
  if (req.method == "BAN") {
    if (std.ban("req.url == " + req.url)) { return (synth(200, "Banned")); }
    return (synth(400, std.ban_error()));
  }
  ${xkey ? 'if (req.method == "XKEY") { set req.http.n = xkey.purge(req.url); return (synth(200, "Purged " + req.http.n)); }' : ''}
}
sub vcl_backend_response { set beresp.ttl = 10m; set beresp.grace = 0s; }
`
}

async function enterVarnish(origin: string): Promise<Entered> {
  const program = packageProgram('varnishd')
  if (program === undefined) return absent('Varnish', 'varnish')
  const folder = `usr/lib/${machineName()}/varnish/vmods`
  const xkey = packageFile(`${folder}/libvmod_xkey.so`)
  const modules = `vmod_path=/${folder}${xkey === undefined ? '' : `:${xkey.replace(/\/[^/]*$/, '')}`}`
  const peer = await startPeer({
    program,
    config: () => vcl(new URL(origin), xkey !== undefined),
    args: (file, place, port) =>
      [
        '-F',
        '-a',
        `127.0.0.1:${port}`,
        '-n',
        `${place}/n`,
        '-s',
        'malloc,256m',
        '-p',
        modules,
      ].concat(['-f', file]),
  })
  const methods = ['PURGE', 'BAN', ...(xkey === undefined ? [] : ['XKEY'])]
  return {
    version: `varnish ${await versionOf(program, '-V')}`,
    contenders: methods.map((method) => ({
      name: `Varnish ${method === 'XKEY' ? 'xkey' : method}`,
      url: peer.url,
      purge: (target) => statusOf(peer.url + target, method),
    })),
    notHere: xkey === undefined ? [{ name: 'Varnish xkey', debian: 'varnish-modules' }] : [],
    stop: () => peer.stop(),
  }
}

/**
 * The form with a location of its own: `proxy_cache_purge PURGE from …` beside `proxy_pass` ends the worker of Debian 12's package,
 * and so does a key that is `$1` alone.
 */
function nginxConfig(module: string, origin: string, folder: string, port: number): string {
  return `load_module ${module};
daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  proxy_cache_path ${folder}/cache keys_zone=pictures:10m use_temp_path=off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${origin}; proxy_http_version 1.1; proxy_cache pictures; proxy_cache_key $uri$is_args$args; }
    location ~ ^/purge(/.*) { allow 127.0.0.1; deny all; proxy_cache_purge pictures $1$is_args$args; }
  }
}
`
}

async function enterNginx(origin: string): Promise<Entered> {
  const program = packageProgram('nginx')
  const module = packageFile('usr/lib/nginx/modules/ngx_http_cache_purge_module.so')
  const debian = 'libnginx-mod-http-cache-purge'
  if (program === undefined || module === undefined) return absent('nginx cache_purge', debian)
  const peer = await startPeer({
    program,
    config: (folder, port) => nginxConfig(module, origin, folder, port),
    args: (file) => ['-e', 'stderr', '-c', file],
  })
  return {
    version: `nginx ${await versionOf(program, '-v')}`,
    contenders: [
      {
        name: 'nginx cache_purge',
        url: peer.url,
        purge: (target) => statusOf(`${peer.url}/purge${target}`, 'GET'),
      },
    ],
    notHere: [],
    stop: () => peer.stop(),
  }
}

function squidConfig(origin: URL, folder: string, port: number): string {
  const shared = packageFile('usr/share/squid') ?? '/usr/share/squid'
  return `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1 no-vhost
cache_peer ${origin.hostname} parent ${origin.port} 0 no-query no-digest originserver name=origin
acl purge method PURGE
http_access allow purge localhost
http_access allow all
cache_mem 256 MB
access_log none
cache_store_log none
cache_log ${folder}/cache.log
pid_filename ${folder}/pid
coredump_dir ${folder}
unlinkd_program ${packageFile('usr/lib/squid/unlinkd') ?? '/bin/true'}
mime_table ${shared}/mime.conf
icon_directory ${shared}/icons
error_directory ${shared}-langpack/templates
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname race
`
}

async function enterSquid(origin: string): Promise<Entered> {
  const program = packageProgram('squid')
  if (program === undefined) return absent('Squid PURGE', 'squid')
  const peer = await startPeer({
    program,
    config: (folder, port) => squidConfig(new URL(origin), folder, port),
    args: (file) => ['-N', '-f', file],
  })
  return {
    version: `squid ${await versionOf(program, '-v')}`,
    contenders: [
      {
        name: 'Squid PURGE',
        url: peer.url,
        purge: (target) => statusOf(peer.url + target, 'PURGE'),
      },
    ],
    notHere: [],
    stop: () => peer.stop(),
  }
}
