/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room: members, signals, notices, statistics, and leaving. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { joinedRoom, once, options, settle } from './fakes.mjs';

const { Wherry } = await import(process.env.WHERRY_JS);

const names = (room) => [...room.members.values()].map(({ name, state }) => `${name}:${state}`);

test('members are who was there, who came, who is away and who left', async () => {
  const { room, socket } = await joinedRoom(Wherry, {}, { members: [{ peer: 'a1', name: 'Ann' }], more: true });
  const seen = [];
  for (const type of ['member-joined', 'member-left', 'member-away', 'member-back'])
    room.addEventListener(type, ({ member, reason }) => seen.push([type, member.id, reason]));
  let changes = 0;
  room.addEventListener('members', () => { changes += 1; });
  socket.receive({ type: 'members', members: [{ peer: 'b2', name: 'Bert' }] });
  assert.deepEqual(names(room), ['Ann:here', 'Bert:here']);
  socket.receive({ type: 'member-joined', peer: 'c3', name: 'Chloë' });
  socket.receive({ type: 'member-joined', peer: 'c3', name: 'Chloë' });
  socket.receive({ type: 'member-away', peer: 'a1' });
  assert.deepEqual(names(room), ['Ann:away', 'Bert:here', 'Chloë:here']);
  socket.receive({ type: 'member-back', peer: 'a1' });
  socket.receive({ type: 'member-left', peer: 'b2', reason: 'slow' });
  socket.receive({ type: 'member-left', peer: 'b2', reason: 'slow' });
  socket.receive({ type: 'member-joined', peer: room.id, name: 'self' });
  assert.deepEqual(names(room), ['Ann:here', 'Chloë:here']);
  assert.deepEqual(seen, [
    ['member-joined', 'c3', undefined],
    ['member-away', 'a1', undefined],
    ['member-back', 'a1', undefined],
    ['member-left', 'b2', 'slow'],
  ]);
  assert.equal(changes, 5);
});

test('members say something about themselves, and this one does', async () => {
  const { room, socket } = await joinedRoom(Wherry, {
    attributes: { seat: 1 }, will: { topic: 'news', data: new Uint8Array([0, 255]) },
  }, { members: [{ peer: 'a1', name: 'Ann', attributes: { role: 'host' } }, { peer: 'b2' }] });
  const seen = [];
  const own = [];
  assert.deepEqual(socket.sent[0].attributes, { seat: 1 });
  assert.deepEqual(socket.sent[0].will, { topic: 'news', data: 'AP8=' });
  assert.deepEqual([...room.members.values()].map(({ attributes }) => attributes), [{ role: 'host' }, {}]);
  room.addEventListener('member-changed', ({ member }) => seen.push([member.name, member.attributes]));
  room.addEventListener('attributes', ({ attributes }) => own.push(attributes));
  socket.receive({ type: 'member-changed', peer: 'a1', attributes: { role: 'guest' } });
  socket.receive({ type: 'member-changed', peer: 'nobody', attributes: {} });
  assert.deepEqual(seen, [['Ann', { role: 'guest' }]]);

  const told = room.setAttributes({ seat: 2 });
  const { tid } = socket.sent.at(-1);
  assert.deepEqual(socket.sent.at(-1), { type: 'attributes', attributes: { seat: 2 }, tid });
  socket.receive({ type: 'member-changed', peer: room.id, attributes: { seat: 2 }, tid });
  await told;
  assert.deepEqual(own, [{ seat: 2 }]);

  const refused = room.setAttributes({ seat: 3 });
  socket.receive({ type: 'error', ref: 'attributes', code: 'forbidden', message: 'no', tid: socket.sent.at(-1).tid });
  await assert.rejects(refused, { code: 'forbidden' });
  socket.receive({ type: 'member-changed', peer: room.id });
  assert.deepEqual(room.attributes, {});
  await assert.rejects(room.setAttributes([1]), TypeError);
  const unanswered = room.setAttributes({ seat: 4 });
  const rejected = assert.rejects(unanswered, { code: 'closed' });
  const left = room.leave();
  await settle();
  socket.receive({ type: 'left', reason: 'left' });
  await left;
  await rejected;
  assert.throws(() => Wherry.room('http://127.0.0.1/', 'r', options({ will: { topic: 'wherry:x', data: 'x' } })), TypeError);
});

test('signal and msg go out flat and come in with their sender', async () => {
  const { room, socket } = await joinedRoom(Wherry);
  room.signal('b2', { any: ['json', null] });
  room.signal({ id: 'c3' }, 7);
  room.msg({ type: 'not this one', hello: 'all' });
  assert.deepEqual(socket.sent.slice(-3), [
    { type: 'signal', to: 'b2', data: { any: ['json', null] } },
    { type: 'signal', to: 'c3', data: 7 },
    { type: 'msg', hello: 'all' },
  ]);
  socket.receive({ type: 'signal', from: 'b2', data: { back: true } });
  socket.receive({ type: 'msg', from: 'c3', hello: 'you' });
  const signal = await once(room, 'signal');
  assert.deepEqual([signal.from, signal.data], ['b2', { back: true }]);
  const msg = await once(room, 'msg');
  assert.deepEqual([msg.from, msg.data.hello], ['c3', 'you']);
  const count = socket.sent.length;
  assert.throws(() => room.signal('b2', 'x'.repeat(65536)), RangeError);
  assert.equal(socket.sent.length, count);
});

test('notices come over the socket and over their own channel', async () => {
  const { room, socket, pc } = await joinedRoom(Wherry);
  const got = [];
  room.addEventListener('notice', ({ error, notice }) => got.push([error.code, error.message, notice.topic]));
  const notices = pc.labeled('wherry:notices');
  notices.receive(JSON.stringify({ type: 'error', code: 'too-large', message: 'Not sent to one member.', topic: 'chat' }));
  notices.receive(JSON.stringify({ type: 'ack', topic: 'chat', own: 1, sequence: 2 }));
  notices.receive('nonsense');
  notices.receive(new ArrayBuffer(4));
  socket.receive({ type: 'error', ref: 'signal', code: 'no-such-member', message: 'Nobody has this id.' });
  socket.receive({ type: 'something-new' });
  assert.deepEqual(got, [
    ['too-large', 'Not sent to one member.', 'chat'],
    ['no-such-member', 'Nobody has this id.', undefined],
  ]);
  assert.equal(room.state, 'connected');
});

test('the membership outlives its socket, and presence then comes by channel', async () => {
  const { room, socket, pc } = await joinedRoom(Wherry);
  assert.equal(room.signalingOpen, true);
  socket.close('going away');
  assert.equal(room.state, 'connected');
  assert.equal(room.signalingOpen, false);
  assert.throws(() => room.signal('b2', 1), { code: 'not-connected' });
  pc.labeled('wherry:notices').receive(JSON.stringify({ type: 'member-joined', peer: 'd4', name: 'Dora' }));
  assert.deepEqual(names(room), ['Dora:here']);
});

test('ping measures the way to the server', async () => {
  const { room, socket } = await joinedRoom(Wherry);
  const promise = room.ping();
  socket.receive({ type: 'pong', tid: 'unknown' });
  socket.receive({ type: 'pong', tid: socket.sent.at(-1).tid });
  const ms = await promise;
  assert.ok(ms >= 0 && ms < 5000, `${ms}`);
});

test('statistics from both ways that browsers give them', async () => {
  const { room, pc } = await joinedRoom(Wherry);
  const pair = {
    id: 'p1', type: 'candidate-pair', state: 'succeeded', currentRoundTripTime: 0.025, bytesSent: 10, bytesReceived: 20,
    localCandidateId: 'l', remoteCandidateId: 'r',
  };
  const common = [
    ['p0', { id: 'p0', type: 'candidate-pair', state: 'failed', bytesSent: 99 }],
    ['l', { id: 'l', type: 'local-candidate', candidateType: 'relay', protocol: 'UDP', address: '192.0.2.1' }],
    ['r', { id: 'r', type: 'remote-candidate', candidateType: 'host', address: '192.0.2.2' }],
    ['d1', { id: 'd1', type: 'data-channel', messagesSent: 3, messagesReceived: 4 }],
    ['d2', { id: 'd2', type: 'data-channel', messagesSent: 1 }],
  ];
  const expected = {
    state: 'connected', roundTripTime: 25, bytesSent: 10, bytesReceived: 20, messagesSent: 4, messagesReceived: 4,
    pair: { local: 'relay', remote: 'host', protocol: 'udp', relayed: true },
  };
  pc.reports = new Map([...common, ['p1', pair], ['t', { id: 't', type: 'transport', selectedCandidatePairId: 'p1' }]]);
  assert.deepEqual(await room.stats(), expected, 'Chromium: the transport says it');
  pc.reports = new Map([...common, ['p1', { ...pair, selected: true }]]);
  assert.deepEqual(await room.stats(), expected, 'Firefox: the pair says it');
  pc.reports = new Map([...common, ['p1', { ...pair, nominated: true }]]);
  assert.deepEqual(await room.stats(), expected, 'others: the nominated one');
  assert.equal(JSON.stringify(await room.stats()).includes('192.0.2'), false, 'no addresses');
  pc.reports = new Map();
  assert.equal((await room.stats()).pair, null);
  assert.equal(await Wherry.room('http://a.test/', 'r', options()).stats(), null);
});

test('leaving sends what waits, then says so, then closes all', async () => {
  const { room, socket, pc } = await joinedRoom(Wherry);
  const channel = room.channel('chat');
  const dc = pc.labeled('chat');
  dc.open();
  dc.stuck = true;
  await channel.send('last words');
  const leaving = room.leave();
  await settle();
  assert.equal(socket.sent.at(-1).type, 'offer', 'not yet');
  dc.drain(0);
  await settle();
  assert.equal(socket.sent.at(-1).type, 'leave');
  assert.equal(pc.closed, false, 'the server has not answered');
  socket.receive({ type: 'left', reason: 'left' });
  await leaving;
  assert.deepEqual([room.state, pc.closed, socket.readyState, channel.readyState], ['closed', true, 3, 'closed']);
  assert.equal(room.members.size, 0);
  await assert.rejects(channel.ready(), { code: 'closed' });
  await room.leave();
});

test('a server that does not answer the leave does not hold it up', async () => {
  const { room, socket } = await joinedRoom(Wherry);
  const leaving = room.leave();
  await settle();
  socket.close();
  await leaving;
  assert.equal(room.state, 'closed');
});

test('a page that goes away leaves, unless it was told not to', async () => {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  try {
    const one = await joinedRoom(Wherry);
    const two = await joinedRoom(Wherry, { leaveOnPageHide: false });
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(one.socket.sent.at(-1).type, 'leave', 'at once: a page that goes away has no later');
    assert.equal(two.socket.sent.at(-1).type, 'offer');
    one.socket.close();
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});
