/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wherry.d.ts: correct programs compile, wrong ones do not, and it names what the module really has. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const DTS = path.join(process.env.WHERRY_WEB, 'wherry.d.ts');
const PROGRAM = fileURLToPath(new URL('types.ts', import.meta.url));
const OPTIONS = {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: [],
  baseUrl: process.env.WHERRY_WEB,
  ignoreDeprecations: '5.0',
};

const messages = (program) => ts.getPreEmitDiagnostics(program).map((diagnostic) => {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line ?? 0;
  return `${path.basename(diagnostic.file?.fileName ?? '')}:${line + 1}: ${text}`;
});

/* A compiler host that sees `text` in place of the file of test programs. */
const compile = (text) => {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) => (name === PROGRAM
    ? ts.createSourceFile(name, text, version)
    : getSourceFile.call(host, name, version));
  return messages(ts.createProgram([DTS, PROGRAM], OPTIONS, host));
};

test('programs that use the module compile, and the wrong ones among them do not', () => {
  const text = readFileSync(PROGRAM, 'utf8');
  assert.deepEqual(compile(text), []);
  const planted = compile(text.replace('retries: 3', 'retries: "three"'));
  assert.equal(planted.length, 1, planted.join('\n'));
});

const membersOf = (name) => {
  const source = ts.createSourceFile(DTS, readFileSync(DTS, 'utf8'), ts.ScriptTarget.ES2022);
  const found = source.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  return found.members.map((member) => (ts.isComputedPropertyName(member.name) ? 'iterator' : member.name.text));
};

test('what the types promise is there, and what is there is promised', async () => {
  const { Wherry, WherryChannel, WherryError, WherryEvent, WherryRoom, ...rest } = await import(process.env.WHERRY_JS);
  assert.deepEqual(rest, {});
  const room = Wherry.room('http://a.test/', 'r');
  const channel = room.channel('c');
  const inherited = ['constructor', 'addEventListener', 'unheard'];
  for (const [name, object, Class] of [['WherryRoom', room, WherryRoom], ['WherryChannel', channel, WherryChannel]]) {
    assert.ok(object instanceof Class);
    const declared = membersOf(name);
    const real = [...Object.getOwnPropertyNames(Class.prototype), ...Object.keys(object)].filter((key) => !inherited.includes(key));
    assert.deepEqual([...declared].sort(), [...new Set(real)].sort(), name);
  }
  assert.equal(typeof channel[Symbol.asyncIterator], 'function');
  assert.deepEqual(Object.keys(Wherry), ['join', 'room']);
  assert.ok(new WherryError('a', 'b') instanceof Error && new WherryEvent('x') instanceof Event);
});
