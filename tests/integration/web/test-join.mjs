/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining: what is sent in which order, what early and late messages do, and every way not to get in. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { FakePeer, FakeSocket, accept, joinedRoom, options, settle, until } from './fakes.mjs';

const { Wherry, WherryError } = await import(process.env.WHERRY_JS);

const latest = () => FakeSocket.all.at(-1);

const rejected = async (promise, code) => {
  const error = await promise.then(() => assert.fail('joined'), (reason) => reason);
  assert.ok(error instanceof WherryError, `${error}`);
  assert.equal(error.code, code);
  assert.ok(error.message.length > 10, 'a sentence for people');
  return error;
};

test('the address of the page, of the server or of the socket will do', () => {
  const urls = {
    'http://a.test/': 'ws://a.test/connect',
    'https://a.test': 'wss://a.test/connect',
    'http://a.test/index.html#lobby': 'ws://a.test/connect',
    'wss://a.test/deep/connect': 'wss://a.test/deep/connect',
    'https://a.test/deep/': 'wss://a.test/deep/connect',
  };
  for (const [given, expected] of Object.entries(urls)) {
    const room = Wherry.room(given, 'r', options());
    room.join().catch(() => {});
    assert.equal(latest().url, expected);
    assert.equal(latest().protocol, 'wherry.1');
    room.leave();
  }
});

test('join, then offer, then candidates; connected when messages can pass', async () => {
  FakePeer.next = { early: [{ toJSON: () => ({ candidate: 'early', sdpMid: '0' }) }] };
  const states = [];
  const room = Wherry.room('http://a.test/', 'lobby', options({ name: 'Ann', token: 't', mirror: false }));
  room.addEventListener('state', (event) => states.push(event.state));
  const promise = room.join();
  const { socket, pc } = await accept(undefined, { iceServers: [{ urls: 'stun:a.test' }] });
  FakePeer.next = {};
  assert.equal(await promise, room);
  assert.deepEqual(socket.sent.slice(0, 3), [
    { type: 'join', room: 'lobby', name: 'Ann', token: 't', mirror: false, resume: {} },
    { type: 'offer', sdp: 'an offer' },
    { type: 'candidate', candidate: 'early', sdpMid: '0' },
  ]);
  pc.trickle({ candidate: 'late', sdpMid: '0' });
  pc.trickle(null);
  assert.deepEqual(socket.sent.slice(3), [
    { type: 'candidate', candidate: 'late', sdpMid: '0' },
    { type: 'candidate', candidate: '' },
  ]);
  assert.deepEqual(pc.configuration, { iceServers: [{ urls: 'stun:a.test' }] });
  assert.deepEqual(states, ['signaling', 'connecting', 'connected']);
  assert.equal(room.id, '00000000000000aa');
  assert.equal(room.maxMessageSize, 262144);
});

test('the caller\'s ICE servers go before the server\'s', async () => {
  const { pc } = await joinedRoom(Wherry, { iceServers: [] }, { iceServers: [{ urls: 'stun:a.test' }] });
  assert.deepEqual(pc.configuration, { iceServers: [] });
});

test('candidates may come before the answer is in place, after it, or be bad', async () => {
  const notices = [];
  const room = Wherry.room('http://a.test/', 'r', options());
  room.addEventListener('notice', (event) => notices.push(event.error.code));
  room.join().catch(() => {}); /* the test leaves before it is done */
  const socket = latest();
  let release;
  FakePeer.next = { hold: new Promise((resolve) => { release = resolve; }) };
  socket.open();
  socket.receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  await until(() => socket.sent.some((message) => message.type === 'offer'));
  FakePeer.next = {};
  const pc = FakePeer.all.at(-1);
  socket.receive({ type: 'candidate', candidate: 'one', sdpMid: '0', sdpMLineIndex: 0 });
  socket.receive({ type: 'answer', sdp: 'an answer' });
  socket.receive({ type: 'candidate', candidate: 'two', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'u' });
  await settle();
  assert.equal(pc.candidates.length, 0, 'held while the description is being set');
  release();
  await settle();
  socket.receive({ type: 'candidate', candidate: 'bad one', sdpMid: '0' });
  socket.receive({ type: 'candidate', candidate: 'three' });
  socket.receive({ type: 'candidate', candidate: '' });
  await settle();
  assert.deepEqual(pc.candidates, [
    { candidate: 'one', sdpMid: '0', sdpMLineIndex: 0 },
    { candidate: 'two', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'u' },
    { candidate: 'three', sdpMid: null, sdpMLineIndex: 0 },
  ]);
  assert.deepEqual(notices, ['bad-candidate']);
  assert.equal(room.state, 'connecting');
  room.leave();
});

for (const code of ['room-full', 'server-full', 'unauthorized', 'forbidden', 'bad-room', 'rate-limited', 'shutting-down']) {
  test(`the server says ${code}`, async () => {
    const room = Wherry.room('http://a.test/', 'r', options());
    const promise = room.join();
    latest().open();
    latest().receive({ type: 'error', ref: 'join', code, message: `This is about ${code}.` });
    const error = await rejected(promise, code);
    assert.equal(error.message, `This is about ${code}.`);
    assert.equal(room.state, 'failed');
    assert.equal(room.error, error);
    assert.equal(room.reason, error.message);
    assert.equal(latest().readyState, 3, 'the socket is closed');
  });
}

test('an offer that the server refuses ends the attempt', async () => {
  const promise = Wherry.join('http://a.test/', 'r', options());
  const socket = latest();
  socket.onsent = (message) => {
    if (message.type === 'offer')
      socket.receive({ type: 'error', ref: 'offer', code: 'bad-sdp', message: 'The offer has no data section.' });
  };
  socket.open();
  socket.receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  await rejected(promise, 'bad-sdp');
  assert.ok(FakePeer.all.at(-1).closed);
});

test('an answer that the browser refuses ends the attempt', async () => {
  const promise = Wherry.join('http://a.test/', 'r', options());
  const socket = latest();
  socket.open();
  socket.receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  await until(() => socket.sent.length === 2);
  socket.receive({ type: 'answer', sdp: 'nonsense' });
  await rejected(promise, 'bad-sdp');
});

test('no server, a server that goes away, and one that sends nonsense', async () => {
  const nobody = Wherry.join('http://a.test/', 'r', options());
  latest().close();
  await rejected(nobody, 'unreachable');

  const gone = Wherry.join('http://a.test/', 'r', options());
  latest().open();
  latest().receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  await settle();
  latest().close();
  await rejected(gone, 'closed');

  for (const nonsense of ['{', '[]', 'null', '{"type":7}']) {
    const promise = Wherry.join('http://a.test/', 'r', options());
    latest().open();
    latest().receive(nonsense);
    await rejected(promise, 'internal');
  }
});

test('a browser without WebRTC', async () => {
  await rejected(Wherry.join('http://a.test/', 'r', { WebSocket: FakeSocket, RTCPeerConnection: undefined }), 'unsupported');
});

test('nobody answers, or no data passes, in time', async () => {
  const silent = await rejected(Wherry.join('http://a.test/', 'r', options({ connectTimeout: 1 })), 'timeout');
  assert.match(silent.message, /server did not answer/);

  const promise = Wherry.join('http://a.test/', 'r', options({ connectTimeout: 30 }));
  latest().open();
  latest().receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  const blocked = await rejected(promise, 'timeout');
  assert.match(blocked.message, /firewall/);
});

test('ICE fails before the connection was made', async () => {
  const promise = Wherry.join('http://a.test/', 'r', options());
  latest().open();
  latest().receive({ type: 'joined', peer: '00000000000000aa', members: [] });
  await until(() => latest().sent.length === 2);
  FakePeer.all.at(-1).become('failed');
  await rejected(promise, 'failed');
});

test('an abort signal: before, during and after', async () => {
  const before = AbortSignal.abort(new Error('before'));
  const count = FakeSocket.all.length;
  await assert.rejects(Wherry.join('http://a.test/', 'r', options({ signal: before })), /before/);
  assert.equal(FakeSocket.all.length, count, 'no socket was opened');

  const during = new AbortController();
  const promise = Wherry.join('http://a.test/', 'r', options({ signal: during.signal }));
  during.abort(new Error('during'));
  await assert.rejects(promise, /during/);
  assert.equal(latest().readyState, 3);

  const after = new AbortController();
  const { room, socket } = await joinedRoom(Wherry, { signal: after.signal });
  after.abort();
  assert.equal(room.state, 'closed');
  assert.equal(socket.sent.at(-1).type, 'leave');
});

test('a room is joined once at a time, and again after it was left', async () => {
  const { room, socket } = await joinedRoom(Wherry);
  await rejected(room.join(), 'already-joined');
  socket.onsent = () => socket.receive({ type: 'left', reason: 'left' });
  await room.leave();
  assert.equal(room.state, 'closed');
  assert.equal(socket.readyState, 3);
  const again = room.join();
  await accept();
  await again;
  assert.equal(room.state, 'connected');
});

test('told to restart, it offers so; not before an answer is in', async () => {
  const { room, socket, pc } = await joinedRoom(Wherry);
  const offers = () => socket.sent.filter((message) => message.type === 'offer').length;
  const asked = [];
  pc.createOffer = async (given) => {
    asked.push(given);
    return { type: 'offer', sdp: 'another' };
  };
  socket.receive({ type: 'restart' });
  pc.trickle({ candidate: 'new', sdpMid: '0' }); /* held: it must not overtake the offer */
  await until(() => offers() === 2);
  assert.equal(socket.sent.at(-1).candidate, 'new');
  socket.receive({ type: 'restart' });
  socket.receive({ type: 'candidate', candidate: 'theirs', sdpMid: '0' });
  await settle();
  assert.equal(offers(), 2);
  assert.equal(pc.candidates.length, 0);
  socket.receive({ type: 'answer', sdp: 'an answer' });
  await until(() => offers() === 3);
  assert.equal(pc.candidates.length, 1);
  socket.receive({ type: 'answer', sdp: 'an answer' });
  await settle();
  assert.equal(offers(), 3);
  assert.deepEqual(asked, [{ iceRestart: true }, { iceRestart: true }]);
  assert.equal(room.state, 'connected');
  const left = room.leave();
  socket.receive({ type: 'left', reason: 'left' });
  await left;
});
