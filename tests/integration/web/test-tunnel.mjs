/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tunnel of wherry.js, against a relay that is a test: frames of data/docs/protocol.md section 5. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { FakePeer, FakeSocket, options, settle, until } from './fakes.mjs';

const { Wherry } = await import(process.env.WHERRY_JS);

const WINDOW = 262_144;

beforeEach(() => {
  FakeSocket.all.length = 0;
  FakePeer.all.length = 0;
});

afterEach(() => FakeSocket.all.forEach((socket) => socket.close()));

const frame = (type, stream = 0, ppid = 0, end = 0, payload = []) => {
  const bytes = Uint8Array.of(type, end, stream >> 8, stream & 255, ppid, 0, payload.length >> 8, payload.length & 255, ...payload);
  return bytes.buffer;
};
const hello = (credit = WINDOW) => frame(0, 0, 0, 0, [1, 0, 4, 0, 0, credit >> 24, (credit >> 16) & 255, (credit >> 8) & 255, credit & 255]);
const read = (bytes) => ({
  type: bytes[0], end: bytes[1], stream: bytes[2] * 256 + bytes[3], ppid: bytes[4], payload: bytes.subarray(8),
  text: new TextDecoder().decode(bytes.subarray(8)),
});
const sent = (socket) => socket.frames.splice(0).map(read);

/* Joins a room whose relay answers no offer but carries the channels. */
const enter = async (more = {}) => {
  const room = Wherry.room('http://h/', 'r', options({ tunnelAfter: 0, returnAfter: 3600_000, reconnect: false, ...more }));
  const transports = [];
  room.addEventListener('transport', ({ transport }) => transports.push(transport));
  const joining = room.join();
  const chat = room.channel('chat');
  await until(() => FakeSocket.all.length === 1);
  const [socket] = FakeSocket.all;
  socket.open();
  socket.receive({ type: 'joined', peer: '00000000000000aa', room: 'r', members: [], iceServers: [], maxMessageSize: 262144, features: ['tunnel'] });
  await until(() => socket.sent.some(({ type }) => type === 'tunnel'));
  socket.receive({ type: 'tunnel' });
  socket.receive(hello());
  const opens = sent(socket);
  for (const { stream, ppid } of opens.filter(({ ppid }) => ppid === 50))
    socket.receive(frame(1, stream, ppid, 1, [2]));
  await joining;
  return { room, chat, socket, opens, transports };
};

test('without an answer the channels go through the WebSocket', async () => {
  const { room, chat, socket, opens, transports } = await enter();
  const [first, ...rest] = opens;
  assert.equal(first.type, 0);
  assert.deepEqual(rest.map(({ stream, text }) => [stream, text.slice(12)]).sort(), [[1, 'wherry:notices'], [3, 'chat']]);
  assert.equal(room.state, 'connected');
  assert.deepEqual([room.transport, transports], ['websocket', ['websocket']]);
  assert.ok(FakePeer.all[0].closed);
  await chat.ready();
  chat.send('hi');
  chat.send(new Uint8Array(0));
  assert.deepEqual(sent(socket).map(({ stream, ppid, end, text }) => [stream, ppid, end, text]), [[3, 51, 1, 'hi'], [3, 57, 1, '']]);
  const heard = [];
  chat.addEventListener('message', ({ data }) => heard.push(data));
  socket.receive(frame(1, 3, 51, 0, [104]));
  socket.receive(frame(1, 3, 51, 1, [111]));
  await settle();
  assert.deepEqual(heard, ['ho']);
});

test('without credit nothing is sent, and bufferedAmount rises', async () => {
  const { chat, socket, opens } = await enter();
  await chat.ready();
  sent(socket);
  for (let i = 0; i < 400; i += 1)
    chat.send(new Uint8Array(1000));
  const out = sent(socket);
  assert.ok(out.length * 1064 <= WINDOW && out.length > 240, `${out.length} messages`);
  assert.equal(chat.bufferedAmount, (400 - out.length) * 1000);
  socket.receive(frame(4, 0, 0, 0, [0, 0, 16, 0])); /* 4096 */
  const left = WINDOW - opens.slice(1).reduce((sum, { payload }) => sum + 64 + payload.length, 0) - out.length * 1064;
  assert.equal(sent(socket).length, Math.floor((left + 4096) / 1064));
});

test('what is read gives credit back', async () => {
  const { chat, socket } = await enter();
  await chat.ready();
  chat.addEventListener('message', () => {});
  sent(socket);
  for (let i = 0; i < 70; i += 1)
    socket.receive(frame(1, 3, 53, 1, new Array(1000).fill(7)));
  const credits = sent(socket);
  assert.deepEqual(credits.map(({ type }) => type), [4]);
  assert.equal(new DataView(credits[0].payload.slice().buffer).getUint32(0), 62 * 1064 + 2 * 65); /* and two ACKs */
});

test('the relay opens and closes channels there', async () => {
  const { room, socket } = await enter();
  sent(socket);
  const open = [3, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 110, 101, 119, 115];
  socket.receive(frame(1, 2, 50, 1, open));
  assert.deepEqual(sent(socket).map(({ stream, ppid }) => [stream, ppid]), [[2, 50]]);
  const news = room.channels.find(({ label }) => label === 'news');
  assert.ok(news.mirrored);
  await settle();
  socket.receive(frame(2, 2));
  assert.deepEqual(sent(socket).map(({ type, stream }) => [type, stream]), [[3, 2], [2, 2]]);
  socket.receive(frame(3, 2));
  assert.equal(news.readyState, 'closed');
});

test('what breaks the rules ends the connection', async () => {
  const { room, socket } = await enter();
  socket.receive(frame(9));
  assert.equal(room.state, 'reconnecting'); /* the relay may say why */
  socket.close();
  await settle();
  assert.equal(room.state, 'failed');
});

test('over to WebRTC behind a mark and its answer', async () => {
  const { room, chat, socket, transports } = await enter({ returnAfter: 1 });
  await chat.ready();
  sent(socket);
  await until(() => FakePeer.all.length === 2 && socket.sent.filter(({ type }) => type === 'offer').length === 2);
  const pc = FakePeer.all[1];
  const notices = pc.labeled('wherry:notices');
  assert.deepEqual(notices.init, { negotiated: true, id: 1 });
  socket.receive({ type: 'answer', sdp: 'an answer' });
  await settle();
  pc.become('connected');
  notices.open();
  const dc = pc.labeled('chat');
  assert.equal(dc.init.id, 3);
  chat.send('before it is open');
  assert.deepEqual(sent(socket), []);
  dc.open();
  assert.deepEqual(sent(socket).map(({ type }) => type), [5]);
  chat.send('after the mark');
  assert.deepEqual([sent(socket), dc.sent], [[], []]);
  socket.receive(frame(6));
  assert.deepEqual(dc.sent, ['before it is open', 'after the mark']);
  socket.receive(frame(5));
  assert.deepEqual(sent(socket).map(({ type }) => type), [6]);
  assert.deepEqual(transports, ['websocket', 'webrtc']);
  chat.send('direct');
  assert.equal(dc.sent.length, 3);
  socket.close(); /* nobody needs it */
  assert.equal(room.state, 'connected');
});
