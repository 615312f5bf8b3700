/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page's files: nothing inline, nothing from elsewhere, nothing unsafe, readable colors; and what it sends. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

const WEB = process.env.WHERRY_WEB;
const read = (name) => readFileSync(path.join(WEB, name), 'utf8');
const load = (name) => import(pathToFileURL(path.join(WEB, name)).href);
const html = read('index.html');
const css = read('page.css');
const scripts = readdirSync(WEB).filter((name) => name.endsWith('.js'));

const matches = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

/* What is wrong with a page under a policy of 'self' alone. The planted cases below prove that it sees. */
const inline = (text) => [
  ...text.matchAll(/<script(?![^>]*\bsrc=)[^>]*>/g),
  ...text.matchAll(/<style\b/g),
  ...text.matchAll(/<[^>]+\s(style|on[a-z]+)=/g),
  ...text.matchAll(/(?:href|src|action)="(?:javascript|data|https?|\/\/)[^"]*"/g),
].map(([found]) => found);

test('the page has nothing inline and nothing from elsewhere', () => {
  assert.deepEqual(inline(html), []);
  for (const planted of ['<script>x</script>', '<style>', '<p style="x">', '<a onclick="x">', '<a href="javascript:x">',
    '<script src="https://cdn.test/x.js">'])
    assert.equal(inline(planted).length, 1, planted);
});

test('the policy forbids what the page does not need', () => {
  const [policy] = matches(html, /http-equiv="Content-Security-Policy" content="([^"]*)"/g);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /style-src 'self'(;|$)/);
  assert.doesNotMatch(policy, /unsafe|\*/);
});

test('no script makes markup or code of what it got', () => {
  for (const name of scripts) {
    assert.doesNotMatch(read(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setAttribute\('(style|on)/, name);
    assert.doesNotMatch(read(name), /https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
  }
  assert.doesNotMatch(css, /@import|url\(/);
});

test('every file that is named is built in, and every file is named', () => {
  const built = matches(read('wherry-web.gresource.xml'), /<file>([^<]+)<\/file>/g);
  const present = [...readdirSync(WEB).filter((name) => /\.(js|css|html|svg|d\.ts)$/.test(name)), 'file-words.js', 'wherry.js'];
  assert.deepEqual([...built].sort(), present.sort());
  const named = [...matches(html, /(?:href|src)="([^"#]+)"/g), ...scripts.flatMap((name) => matches(read(name), /from '\.\/([^']+)'/g))];
  for (const name of named)
    assert.ok(built.includes(name), name);
});

test('ids are unique and each that a script or label uses exists', () => {
  const ids = matches(html, /\sid="([^"]+)"/g);
  assert.equal(new Set(ids).size, ids.length);
  const used = [...matches(read('page.js'), /\$\('([^']+)'\)/g), ...matches(read('page-files.js'), /#part\('([^']+)'\)/g), ...matches(html, /(?:for|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"/g)];
  assert.ok(used.length > 30);
  for (const id of used)
    assert.ok(ids.includes(id), id);
});

test('every control has a name that a screen reader can say', () => {
  const labels = matches(html, /<label for="([^"]+)"/g);
  for (const [control] of html.matchAll(/<(input|textarea)\b[^>]*>/g)) {
    const [id] = matches(control, /\sid="([^"]+)"/g);
    assert.ok(labels.includes(id) || /aria-label=|aria-hidden="true"/.test(control), control);
  }
  for (const [, attributes, content] of html.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g))
    assert.ok(/aria-label=/.test(attributes) || /[A-Z]\w+|here/.test(content.replace(/<svg[\s\S]*<\/svg>/, '')), content);
  assert.match(html, /<html lang="en">/);
  assert.match(html, /class="skip" href="#main"/);
  assert.match(html, /id="log"[^>]*role="log"[^>]*aria-live="polite"/);
});

/* WCAG 2.2, 1.4.3: relative luminance and contrast of two colors. */
const luminance = (hex) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one, two) => {
  const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

test('text stands out in both color schemes', () => {
  assert.equal(contrast('#ffffff', '#000000'), 21);
  const schemes = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => Object.fromEntries(
    [...body.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value])));
  assert.equal(schemes.length, 2);
  const pairs = [
    ['ink', 'bg'], ['ink', 'card'], ['ink', 'sunk'], ['ink', 'own'], ['ink', 'bad-bg'], ['ink', 'wait-bg'],
    ['faint', 'bg'], ['faint', 'card'], ['faint', 'sunk'], ['faint', 'own'], ['accent', 'card'], ['accent', 'bg'], ['accent', 'own'],
    ['accent-ink', 'accent'], ['bad', 'bad-bg'], ['bad', 'bg'], ['wait', 'wait-bg'],
  ];
  for (const scheme of schemes) {
    for (const [text, ground] of pairs)
      assert.ok(contrast(scheme[text], scheme[ground]) >= 4.5, `${text} on ${ground}: ${contrast(scheme[text], scheme[ground])}`);
    for (const [mark, ground] of [['one', 'sunk'], ['two', 'sunk'], ['edge', 'card'], ['good', 'card'], ['wait', 'sunk'], ['bad', 'sunk']])
      assert.ok(contrast(scheme[mark], scheme[ground]) >= 3, `${mark} on ${ground}: ${contrast(scheme[mark], scheme[ground])}`);
  }
});

test('a packed file comes out as it went in, and anything else as nothing', async () => {
  const { packFile, unpackFile } = await load('page-wire.js');
  const body = new Uint8Array([1, 2, 3, 0, 255]).buffer;
  const packed = packFile({ from: 'aa', name: 'Ann', file: 'ä.png', type: 'image/png' }, body);
  assert.deepEqual(unpackFile(packed), { from: 'aa', name: 'Ann', file: 'ä.png', mime: 'image/png', body });
  const head = new DataView(packed).getUint32(0) + 4;
  for (let length = 0; length < head; length += 1)
    assert.equal(unpackFile(packed.slice(0, length)), null, `${length}`);
  assert.equal(unpackFile(packed.slice(0, head)).body.byteLength, 0);
  for (const other of ['text', null, new ArrayBuffer(0), new Uint8Array(64).fill(255).buffer, packFile([1], body), packFile({ file: 7 }, body)])
    assert.equal(unpackFile(other), null);
  assert.equal(unpackFile(packFile({ file: 'x'.repeat(999), name: 7 }, body)).file.length, 255);
});

test('words for every state and code', async () => {
  const words = await load('page-words.js');
  const types = read('wherry.d.ts');
  for (const state of matches(types.match(/type RoomState =([^;]*)/)[1], /'([^']+)'/g))
    assert.ok(words.stateWord[state], state);
  const plain = words.adviceFor('no such code');
  for (const code of ['unreachable', 'timeout', 'failed', 'room-full', 'unauthorized', 'shutdown', 'slow', 'kicked'])
    assert.notEqual(words.adviceFor(code), plain, code);
  assert.deepEqual([0, 999, 1000, 12_345, 1_234_567].map(words.bytes), ['0 B', '999 B', '1.0 kB', '12 kB', '1.2 MB']);
  assert.deepEqual([0, 0.4, 9.94, 9.96, 123.4, 12_000].map(words.milliseconds), ['< 1 ms', '0.4 ms', '9.9 ms', '10 ms', '123 ms', '12 s']);
  assert.equal(words.nameOf('', '00000000000000aa'), 'Guest 00aa');
  assert.equal(words.pairWords({ relayed: true, protocol: 'tcp' }), 'through TURN, TCP');
});
