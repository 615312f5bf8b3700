/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page's files as far as they need no browser: the numbers of data/docs/files.md, hashes, records and lists. */

import assert from 'node:assert/strict';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

globalThis.crypto ??= webcrypto; /* Debian 12's Node */

const load = (name) => import(pathToFileURL(path.join(path.dirname(process.env.WHERRY_JS), name)).href);
const { Sha256 } = await load('file-hash.js');
const seal = await load('file-seal.js');
const records = await load('file-records.js');
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/* The table of section 7: what is there in backquotes, by what stands before it. */
const vectors = Object.fromEntries([...readFileSync(process.env.WHERRY_FILES, 'utf8').split('## 7')[1]
  .matchAll(/^\| ([^|]+) \| `([^`]+)` \|$/gm)].map(([, what, value]) => [what.trim(), value]));

test('SHA-256 in pieces is SHA-256', () => {
  for (let size = 0; size < 300; size += 1) {
    const bytes = randomBytes(size);
    const hash = new Sha256();
    for (let at = 0; at < size;) {
      const step = 1 + Math.floor(Math.random() * 130);
      hash.update(bytes.subarray(at, at + step));
      hash.digest(); /* which ends nothing */
      at += step;
    }
    assert.equal(hex(hash.digest()), createHash('sha256').update(bytes).digest('hex'), `${size}`);
  }
});

test('codes are read as people write them', () => {
  const code = seal.makeCode();
  assert.equal(code.split('-').length, 7);
  assert.notEqual(seal.makeCode(), code);
  for (const typed of [code, code.toUpperCase(), ` ${code.replaceAll('-', '  ')}\n`, code.replaceAll('-', '_,.')])
    assert.equal(seal.readCode(typed), code);
  assert.throws(() => seal.readCode('acid-acorn'), /7 words, and these are 2/);
  assert.throws(() => seal.readCode('acidd-acorn'), /“acidd” is no word of a code; is it “acid”\?/);
});

test('keys and seals are those of the document', async () => {
  const keys = await seal.deriveKeys(vectors.code);
  const nr = Uint8Array.from({ length: 32 }, (_, i) => i);
  const ns = Uint8Array.from({ length: 32 }, (_, i) => 32 + i);
  assert.equal(hex(keys.master), vectors.K);
  assert.equal(keys.room, vectors.room);
  assert.equal(hex(keys.proof), vectors.P);
  assert.equal(hex(await seal.prove(keys, 'hello', nr)), vectors['proof of hello']);
  assert.equal(hex(await seal.prove(keys, 'welcome', nr, ns)), vectors['proof of welcome']);
  const receiver = await seal.SealedSession.make(keys, 'receiver', nr, ns);
  const sender = await seal.SealedSession.make(keys, 'sender', nr, ns);
  assert.equal(hex(sender.id), vectors['session id']);
  const ready = await receiver.seal(records.record(records.READY, [4, 0]));
  assert.equal(hex(ready), vectors['READY, flags 0, first of the receiver']);
  assert.deepEqual((await sender.open(ready)).map(hex), ['4000000000']);
  await assert.rejects(sender.open(ready), 'the same one again');
  await sender.seal(records.record(records.SAVED));
  assert.equal(hex(await sender.seal(records.record(records.DONE))), vectors['DONE, second message of the sender']);
  assert.deepEqual((await sender.open(await receiver.seal(Uint8Array.of(1, 2), Uint8Array.of(3)))).map(hex), ['0102', '03']);
});

const listOf = (files, count = files.length, sum = files.reduce((all, { size }) => all + size, 0)) => {
  const list = new records.EntryList(count, sum);
  for (const bytes of records.entryRecords(files))
    list.add(new records.RecordReader(bytes));
  list.check();
  return list;
};

test('lists come out as they went in', () => {
  const files = Array.from({ length: 3000 }, (_, i) => ({ path: `folder/${'x'.repeat(i % 50)}${i}`, size: i, modified: -1 - i }));
  assert.deepEqual(listOf(files).entries.map(({ path: name, size, modified }) => ({ path: name, size, modified })), files);
});

test('what a hostile sender announces is refused', () => {
  const file = (name, size = 1) => ({ path: name, size, modified: 0 });
  for (const name of ['../x', '/x', 'a//b', 'a/./b', '', 'a/', 'x\u001b[2J', 'a\u202eb', `${'x'.repeat(256)}`, `${'a/'.repeat(64)}b`, '.x.wherry-part'])
    assert.throws(() => listOf([file(name)]), records.TransferError, name);
  assert.throws(() => listOf([file('a'), file('a')]), /twice/);
  assert.throws(() => listOf([file('a'), file('a/b')]), /is a file/);
  assert.throws(() => listOf([file('a')], 1, 2), /announced/);
  assert.throws(() => listOf([file('a'), file('b')], 1), records.TransferError);
  assert.throws(() => new records.EntryList(65537, 0), /too many/);
  assert.throws(() => listOf([file('a', 2 ** 60)]), /too large/);
});

test('records that are cut or too long are none', () => {
  const whole = records.record(records.FILE, [4, 7], [8, 9]);
  const read = (bytes) => {
    const reader = new records.RecordReader(bytes);
    const found = [reader.u32(), reader.u64()];
    reader.end();
    return found;
  };
  assert.deepEqual(read(whole), [7, 9]);
  for (let length = 0; length < whole.length; length += 1)
    assert.throws(() => read(whole.slice(0, length)), records.TransferError);
  assert.throws(() => read(new Uint8Array(whole.length + 1)), records.TransferError);
});
