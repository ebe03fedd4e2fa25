/** `apt_proxy: auto`: is there an apt-cacher-ng on this machine? */
import { get } from 'node:http';

/** apt-cacher-ng's own port, and the page by which it can be told from anything else. */
const ADDRESS = 'http://127.0.0.1:3142';
const PAGE = `${ADDRESS}/acng-report.html`;
const TIMEOUT_MS = 1000;
const ENOUGH_BYTES = 4096;

/** Its address, `http://host:port`; undefined when nothing like it answers. */
export async function findLocalProxy(): Promise<string | undefined> {
  return await new Promise((resolve) => {
    let text = '';
    const judge = (): void => {
      resolve(/apt-cacher[ -]ng/i.test(text) ? ADDRESS : undefined);
    };
    const request = get(PAGE, { timeout: TIMEOUT_MS }, (response) => {
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ENOUGH_BYTES) request.destroy();
      });
      response.on('close', judge);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', judge);
  });
}
