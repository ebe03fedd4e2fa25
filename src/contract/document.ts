/** docs/boot-contract.md, made from what the code of builder and boot server goes by. Pure. */
import { bootFailures } from './boot-failures.js';
import { renderBootManifest } from './boot-manifest.js';
import { bootOf } from './document-sample.js';
import { kernelArguments } from './kernel-arguments.js';
import { kernelParameters } from './kernel-parameters.js';
import { parseMac } from './mac.js';
import { reportedStages } from './stages.js';
import { contractUrls } from './urls.js';

const SERVER = 'http://10.0.0.5:8080';
const MAC = '52:54:00:12:34:56';
const SPELLINGS = ['52:54:00:12:34:56', '52-54-00-12-34-56', '5254.0012.3456', '525400123456'];

const INTRODUCTION = `# The boot contract

Builder, boot server and initrd are built together, and meet only while a node boots. What they agree on stands here. This page is made from
\`src/contract/\`, and so are the tables that the initrd goes by; a test holds its shell against them. The manifest of a release is the \`release\` of [onib status](json.md#onib-status).
`;

/** The whole page. */
export function contractDocument(): string {
  const manifest = renderBootManifest(bootOf(), [`${SERVER}/objects/`]);
  return [
    INTRODUCTION,
    '## URLs\n',
    '| | URL | what |',
    '| --- | --- | --- |',
    ...contractUrls.map(({ method, path, what }) => `| ${method} | \`${path}\` | ${what} |`),
    '\n## Kernel command line\n',
    'What the boot server writes into the script of a node. The arguments of its boot profile come last.\n',
    '```text',
    ...kernelArguments({
      mac: MAC,
      manifestUrl: `${SERVER}/v1/manifests/${manifest.sha256}`,
      manifestSha256: manifest.sha256,
      serverUrl: SERVER,
      initrdName: 'initrd.img',
      profileArguments: ['console=ttyS0,115200n8'],
      extraArguments: [],
    }),
    '```\n',
    'Of all words the initrd reads these:\n',
    '| word | meaning |',
    '| --- | --- |',
    ...kernelParameters.map(({ name, meaning }) => `| \`${name}=\` | ${meaning} |`),
    '\n## Boot manifest\n',
    'One fact a line. The layers are stacked in this order, the last one on top. A layer has a name, a format, its sha256 and its bytes. A node tries the sources in an order of',
    'its own, and checks every digest.\n',
    '```text',
    `${manifest.text}\`\`\`\n`,
    '## Stages that a node reports\n',
    `In this order: ${reportedStages.map((stage) => `\`${stage}\``).join(', ')}. \`failed\` may come after any other; it is written \`failed:<code>\`. The boot server adds \`dhcp\` and`,
    '`script`, which it sees itself.\n',
    '## Failures that a node reports\n',
    'As `failed:<code>`. Why each comes up and what to do is in [boot-errors.md](boot-errors.md).\n',
    '| code | what |',
    '| --- | --- |',
    ...bootFailures.map(({ code, what }) => `| \`${code}\` | ${what} |`),
    '\n## MAC addresses\n',
    `${SPELLINGS.map((spelling) => `\`${spelling}\``).join(', ')} are one address, in upper or lower case. Everything that is told has the form \`${parseMac(SPELLINGS[3] ?? '') ?? ''}\`.`,
    '',
  ].join('\n');
}
