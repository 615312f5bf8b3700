/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A person at peer-page.html in a browser with its settings of every day: peer-page.mjs chromium|firefox. Orders come as JSON
 * lines: {"start":OFFERING} opens the page anew, sets the role and presses Start; {"paste":TEXT} pastes into the second text area.
 * What there is to copy then is told as {"local":TEXT}, and each line of the page's log as {"log":TEXT}.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import readline from 'node:readline';

import { POLLING, launch } from '../integration/browser/browsers.mjs';

const [kind] = process.argv.slice(2);
const AS_IT_COMES = { 'media.peerconnection.ice.loopback': false, 'media.peerconnection.ice.obfuscate_host_addresses': true };

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const html = await readFile(new URL('peer-page.html', import.meta.url));
const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html');
  response.end(html);
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const browser = await launch(kind, { prefs: AS_IT_COMES });
let page = null;

const tellLocal = async () => {
  const filled = await page.waitForFunction(() => document.querySelector('textarea').value, { ...POLLING, timeout: 60_000 });
  say({ local: await filled.jsonValue() });
};

const begin = async (offering) => {
  await page?.close();
  page = await browser.newPage();
  page.on('console', (message) => say({ log: message.text() }));
  page.on('pageerror', (error) => say({ log: `uncaught ${error.message}` }));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  if (!offering)
    await page.click('#role');
  await page.click('#start');
  if (offering)
    await tellLocal();
};

/* As the clipboard does it: all at once, and the field is left. */
const paste = async (text) => {
  await page.focus('textarea:nth-of-type(2)');
  await page.evaluate((line) => {
    const [, remote] = document.querySelectorAll('textarea');
    remote.value = line;
    remote.dispatchEvent(new Event('change'));
  }, text);
};

say({ ready: await browser.version() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if ('start' in order) {
    await begin(order.start);
    continue;
  }
  const answers = await page.$eval('#role', (role) => !role.checked);
  await paste(order.paste);
  if (answers)
    await tellLocal();
}
await browser.close();
server.close();
