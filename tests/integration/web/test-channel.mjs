/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels: what may be sent, in which order, how backpressure shows, and that nothing is lost because it was early. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { FakeChannel, joinedRoom, once, settle } from './fakes.mjs';

const { Wherry, WherryError } = await import(process.env.WHERRY_JS);
const KIB = 1024;

const opened = async (label = 'chat', init = {}) => {
  const far = await joinedRoom(Wherry);
  const channel = far.room.channel(label, init);
  const dc = far.pc.labeled(label);
  dc.open();
  await channel.ready();
  return { ...far, channel, dc };
};

const bytesOf = (data) => [...new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)];

test('options go to the browser as they are, and bad ones are refused at once', async () => {
  const { room, pc } = await joinedRoom(Wherry);
  room.channel('a', { ordered: false, maxRetransmits: 0, protocol: 'p' });
  room.channel('b', { maxPacketLifeTime: 100 });
  room.channel('c');
  assert.deepEqual(pc.labeled('a').init, { ordered: false, maxRetransmits: 0, protocol: 'p' });
  assert.deepEqual(pc.labeled('b').init, { maxPacketLifeTime: 100 });
  assert.deepEqual(pc.labeled('c').init, {});
  assert.throws(() => room.channel('d', { maxRetransmits: 1, maxPacketLifeTime: 1 }), TypeError);
  for (const bad of [-1, 65536, 1.5, 'many'])
    assert.throws(() => room.channel('d', { maxRetransmits: bad }), TypeError);
  assert.throws(() => room.channel('ü'.repeat(32768)), TypeError);
  assert.throws(() => room.channel(7), TypeError);
  assert.throws(() => room.channel('wherry:notices'), { code: 'forbidden' });
  assert.equal(room.channels.length, 3, 'what was refused leaves nothing behind');
});

test('a channel that the browser opens at once is told to who asked for it', async () => {
  const { room, pc } = await joinedRoom(Wherry);
  pc.opensAtOnce = true;
  const channel = room.channel('quick');
  assert.equal(channel.readyState, 'connecting');
  await once(channel, 'open');
  assert.equal(channel.readyState, 'open');
});

test('text, binary, views, Blobs and nothing at all, in order', async () => {
  const { channel, dc } = await opened();
  const view = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4);
  channel.send('first');
  channel.send(new Blob(['second']));
  channel.send('');
  channel.send(new Blob([new Uint8Array([9])]));
  channel.send(view);
  await channel.send(new ArrayBuffer(0));
  await settle();
  assert.equal(dc.sent[0], 'first');
  assert.equal(new TextDecoder().decode(dc.sent[1]), 'second');
  assert.equal(dc.sent[2], '');
  assert.deepEqual(bytesOf(dc.sent[3]), [9]);
  assert.deepEqual(bytesOf(dc.sent[4]), [1, 2, 3]);
  assert.equal(dc.sent[5].byteLength, 0);
  assert.deepEqual(channel.counts, { messagesSent: 6, messagesReceived: 0, bytesSent: 15, bytesReceived: 0 });
  assert.equal(channel.bufferedAmount, 0);
});

test('a message that had to wait is what it was when it was sent', async () => {
  const { channel, dc } = await opened();
  const data = new Uint8Array([1]);
  channel.send(new Blob(['before']));
  channel.send(data);
  data[0] = 2;
  await channel.drained();
  assert.deepEqual(bytesOf(dc.sent[1]), [1]);
});

test('what cannot be sent is refused with the right error', async () => {
  const { room, pc, channel, dc } = await opened();
  const limit = room.maxMessageSize;
  channel.send('x'.repeat(limit));
  assert.throws(() => channel.send('x'.repeat(limit + 1)), RangeError);
  assert.throws(() => channel.send('€'.repeat(limit / 2)), RangeError, 'bytes count, not characters');
  assert.throws(() => channel.send(new Blob([new Uint8Array(limit + 1)])), RangeError);
  for (const bad of [null, undefined, 7, {}, []])
    assert.throws(() => channel.send(bad), TypeError);
  pc.sctp.maxMessageSize = 100;
  assert.equal(room.maxMessageSize, 100, 'what the descriptions agreed on binds too');
  assert.throws(() => channel.send(new Uint8Array(101)), RangeError);
  dc.close();
  assert.throws(() => channel.send('late'), { code: 'not-connected' });
  assert.equal(dc.sent.length, 1);
});

test('a channel waits for the connection; ready() says when', async () => {
  const { room, pc } = await joinedRoom(Wherry);
  const channel = room.channel('slow');
  assert.equal(channel.readyState, 'connecting');
  assert.throws(() => channel.send('early'), { code: 'not-connected' });
  let ready = false;
  const promise = channel.ready().then(() => { ready = true; });
  await settle();
  assert.equal(ready, false);
  pc.labeled('slow').open();
  await promise;
  channel.send('now');
  assert.deepEqual(pc.labeled('slow').sent, ['now']);
});

test('backpressure: the browser gets a bounded amount, the rest waits and goes out in order', async () => {
  const { channel, dc } = await opened();
  dc.stuck = true;
  const message = (number) => new Uint8Array(200 * KIB).fill(number);
  let room = false;
  for (let number = 0; number < 20; number += 1)
    channel.send(message(number)).then(() => { room ||= number === 19; });
  assert.ok(dc.bufferedAmount <= 1024 * KIB && dc.bufferedAmount > 512 * KIB, `${dc.bufferedAmount}`);
  assert.equal(channel.bufferedAmount, 20 * 200 * KIB);
  await settle();
  assert.equal(room, false, 'no room yet');
  while (dc.bufferedAmount > 0) {
    dc.drain(dc.bufferedAmount - 100 * KIB < 0 ? 0 : dc.bufferedAmount - 100 * KIB);
    await settle();
  }
  await channel.drained();
  assert.equal(room, true);
  assert.deepEqual(dc.sent.map((data) => new Uint8Array(data)[0]), [...Array(20).keys()]);
});

test('drained() waits for the last byte, ready() does not', async () => {
  const { channel, dc } = await opened();
  dc.stuck = true;
  channel.send(new Uint8Array(100 * KIB));
  await channel.ready();
  let drained = false;
  const promise = channel.drained().then(() => { drained = true; });
  dc.drain(1);
  await settle();
  assert.equal(drained, false);
  dc.drain(0);
  await promise;
});

test('who sends without ever waiting is stopped at 64 MiB', async () => {
  const { channel, dc } = await opened();
  dc.stuck = true;
  const message = new Uint8Array(256 * KIB);
  const flood = () => {
    for (;;)
      channel.send(message);
  };
  assert.throws(flood, { code: 'buffer-full' });
  assert.ok(channel.bufferedAmount > 64 * KIB * KIB && channel.bufferedAmount < 66 * KIB * KIB);
});

test('one message that the browser refuses is an error event, not the end', async () => {
  const { channel, dc } = await opened();
  const failed = once(channel, 'error');
  dc.broken = true;
  channel.send('lost');
  assert.equal((await failed).error.code, 'not-sent');
  dc.broken = false;
  await channel.send('kept');
  assert.deepEqual(dc.sent, ['kept']);
});

test('close() sends what waits first', async () => {
  const { room, channel, dc } = await opened();
  const closed = once(channel, 'close');
  channel.send(new Blob(['last words']));
  channel.close();
  assert.equal(channel.readyState, 'closing');
  assert.throws(() => channel.send('more'), { code: 'not-connected' });
  assert.equal((await closed).error, null);
  assert.equal(dc.sent.length, 1);
  await assert.rejects(channel.ready(), { code: 'closed' });
  assert.deepEqual(room.channels, []);
});

test('messages wait for their first listener, and then keep their order', async () => {
  const { channel, dc } = await opened();
  dc.receive('one');
  dc.receive(new ArrayBuffer(2));
  await settle();
  const got = [];
  channel.addEventListener('message', (event) => got.push(event.data));
  dc.receive('three');
  await settle();
  dc.receive('four');
  assert.deepEqual(got, ['one', new ArrayBuffer(2), 'three', 'four']);
  assert.equal(channel.unheard, 0);
});

test('what nobody listens for is kept up to 1 MiB and counted beyond', async () => {
  const { channel, dc } = await opened();
  for (let number = 0; number < 20; number += 1)
    dc.receive(new ArrayBuffer(100 * KIB));
  assert.equal(channel.unheard, 10);
  const got = [];
  channel.addEventListener('message', (event) => got.push(event.data));
  await settle();
  assert.equal(got.length, 10);
});

test('a mirrored channel is announced with the messages that followed it at once', async () => {
  const { room, pc } = await joinedRoom(Wherry);
  const dc = new FakeChannel('news', { protocol: 'p', ordered: false, maxRetransmits: 0 });
  dc.open();
  pc.announce(dc);
  dc.receive('early');
  await settle();
  const { channel } = await once(room, 'channel');
  const { data } = await once(channel, 'message');
  assert.equal(data, 'early');
  assert.deepEqual(
    [channel.label, channel.protocol, channel.ordered, channel.maxRetransmits, channel.mirrored, dc.binaryType],
    ['news', 'p', false, 0, true, 'arraybuffer']);
  channel.send('back');
  assert.deepEqual(dc.sent, ['back'], 'a member may publish on a mirror');
});

test('the iterator gives each message once and ends with the channel', async () => {
  const { channel, dc } = await opened();
  dc.receive('a');
  const got = [];
  const reading = (async () => {
    for await (const data of channel)
      got.push(data);
  })();
  await settle();
  dc.receive('b');
  dc.receive('c');
  await settle();
  dc.receive('d');
  dc.close();
  await reading;
  assert.deepEqual(got, ['a', 'b', 'c', 'd']);
});

test('an iterator that is not read fails instead of growing', async () => {
  const { channel, dc } = await opened();
  const iterator = channel[Symbol.asyncIterator]();
  const first = iterator.next();
  await settle();
  for (let number = 0; number < 100; number += 1)
    dc.receive(new ArrayBuffer(256 * KIB));
  await first;
  let given = 1;
  const drain = async () => {
    for (;;) {
      await iterator.next();
      given += 1;
    }
  };
  await assert.rejects(drain(), (error) => error instanceof WherryError && error.code === 'too-slow');
  assert.ok(given < 70 && given > 60, `${given} messages of 256 KiB`);
});
