/** What the boot server answers over HTTP. A part in `<…>` stands for a value. */
export interface ContractUrl {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly what: string;
}

export const contractUrls: readonly ContractUrl[] = [
  {
    method: 'GET',
    path: '/boot.ipxe',
    what: 'first iPXE script: collects what iPXE knows of the machine, and asks for the next one',
  },
  {
    method: 'GET',
    path: '/v1/boot?mac=<mac>',
    what: "the machine's own script, with kernel, initrd and kernel command line; `uuid`, `serial`, `manufacturer`, `product`, `arch` and `buildarch` come with it",
  },
  {
    method: 'GET',
    path: '/v1/manifests/<sha256>',
    what: 'a boot manifest; never changes',
  },
  {
    method: 'GET',
    path: '/objects/<sha256>',
    what: 'an artifact; never changes, so any HTTP cache may keep it; with ETag and Range',
  },
  {
    method: 'GET',
    path: '/releases/<release>/<file>',
    what: 'the same bytes under the name that people know',
  },
  {
    method: 'POST',
    path: '/v1/nodes/<mac>/events',
    what: 'a node says which stage it has reached: form fields `stage`, `detail`, `uptime` (seconds), `bytes` (fetched so far), `release`, and `code` of a failure',
  },
  { method: 'GET', path: '/v1/nodes', what: 'all nodes that were seen, as JSON' },
  { method: 'GET', path: '/v1/nodes/<mac>', what: 'one node, as JSON' },
  { method: 'GET', path: '/healthz', what: 'answers 200 while the server works' },
  { method: 'GET', path: '/', what: 'a page for people' },
];
