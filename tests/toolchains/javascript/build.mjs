// node build.mjs WIT_DIRECTORY COMPONENT: makes the component of plugin.js.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { componentize } from '@bytecodealliance/componentize-js';

const [witPath, out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: node build.mjs WIT_DIRECTORY COMPONENT');

const { component } = await componentize({
  sourcePath: fileURLToPath(new URL('plugin.js', import.meta.url)),
  witPath,
  worldName: 'plugin',
  // Each of them is an import of WASI, which no plugin is given.
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
await writeFile(out, component);
