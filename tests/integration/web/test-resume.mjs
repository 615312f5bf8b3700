/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coming back as the same member: what is framed, numbered, kept, sent again, and what was there before. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { FakeChannel, FakePeer, FakeSocket, accept, joinedRoom, once, settle, until } from './fakes.mjs';

const { Wherry } = await import(process.env.WHERRY_JS);
const ASKS = { reconnect: { minDelay: 1, maxDelay: 4 } }; /* by itself: resume is on */
const CAN = { features: ['addressed', 'resume'], resume: 'token-1' };
const ANN = '00000000000000a1';

const frame = (text, { flags = 1, member = ANN, sequence = 0 } = {}) => {
  const payload = new TextEncoder().encode(text);
  const bytes = new Uint8Array(17 + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, flags);
  view.setBigUint64(1, BigInt(`0x${member}`));
  view.setBigUint64(9, BigInt(sequence));
  bytes.set(payload, 17);
  return bytes.buffer;
};

const read = (bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const to = view.getBigUint64(1).toString(16);
  return `${view.getUint8(0)}/${to}/${view.getBigUint64(9)} ${new TextDecoder().decode(bytes.subarray(17))}`;
};

const sent = (pc, label) => pc.labeled(label).sent.map(read);

const chatting = async (joined = CAN, more = ASKS) => {
  const far = await joinedRoom(Wherry, more, joined);
  const chat = far.room.channel('chat');
  const heard = [];
  chat.addEventListener('message', (event) => heard.push(event));
  far.pc.labeled('chat').open();
  await settle();
  return { ...far, chat, heard, index: FakeSocket.all.length };
};

const notice = (pc, message) => pc.labeled('wherry:notices').receive(JSON.stringify(message));

test('messages go in frames, and come out of them', async () => {
  const { room, socket, pc, chat, heard } = await chatting();
  assert.deepEqual(socket.sent[0].resume, {});
  assert.equal(pc.labeled('chat').protocol, 'wherry.1');
  assert.equal(chat.protocol, '');
  assert.equal(room.maxMessageSize, 262144 - 17);
  chat.send('a');
  chat.send(new Uint8Array([98, 99]));
  chat.send('d', { to: ANN });
  chat.send('', { to: { id: ANN } });
  assert.deepEqual(sent(pc, 'chat'), ['1/0/1 a', '0/0/2 bc', '1/a1/3 d', '1/a1/4 ']);
  assert.throws(() => chat.send('e', { to: 'Ann' }), TypeError);
  pc.labeled('chat').receive(frame('\ufeffhi', { sequence: 7 }));
  pc.labeled('chat').receive(frame('', { flags: 4, sequence: 1 }));
  pc.labeled('chat').receive(frame('all', { flags: 3, member: '0', sequence: 8 }));
  pc.labeled('chat').receive(new ArrayBuffer(3));
  assert.deepEqual(heard.map(({ data, from, sequence, replayed, direct }) => [data.byteLength ?? data, from, sequence, replayed, direct]), [
    ['\ufeffhi', ANN, 7, false, false], [0, ANN, 1, false, true], ['all', null, 8, true, false],
  ]);
  assert.equal(chat.counts.bytesReceived, 8);
  room.leave();
});

test('who does not ask, or asks a server that cannot, sends messages as they are', async () => {
  for (const [joined, more, asked] of [[CAN, { resume: false }, undefined], [{}, ASKS, {}]]) {
    const { room, socket, pc, chat } = await chatting(joined, more);
    assert.deepEqual(socket.sent[0].resume, asked);
    chat.send('a');
    assert.deepEqual(pc.labeled('chat').sent, ['a']);
    assert.throws(() => chat.send('b', { to: ANN }), TypeError);
    room.leave();
  }
});

test('a server that cannot is joined anew after a loss, without a gap that nobody knows of', async () => {
  const { room, socket, pc, chat, index } = await chatting({}, ASKS);
  pc.labeled('chat').stuck = true;
  chat.send('lost');
  const gap = once(chat, 'gap');
  room.addEventListener('resumed', () => assert.fail('nothing was resumed'));
  socket.receive({ type: 'left', reason: 'failed' });
  assert.equal(chat.readyState, 'connecting');
  assert.equal((await gap).bytes, 4);
  const { socket: next, pc: nextPc } = await accept(index, {});
  assert.deepEqual(next.sent[0].resume, {});
  chat.send('again');
  assert.deepEqual(nextPc.labeled('chat').sent, ['again']);
  room.leave();
});

test('a join names the topics of our own channels, as far as there is room for it', async () => {
  const room = Wherry.room('http://relay.test/', 'r', { ...ASKS, WebSocket: FakeSocket, RTCPeerConnection: FakePeer });
  for (const label of ['chat', 'chat', 'fast'])
    room.channel(label);
  const index = FakeSocket.all.length;
  room.join();
  const { socket, pc } = await accept(index, CAN);
  assert.deepEqual(socket.sent[0].opens, ['chat', 'fast']);
  const mirror = new FakeChannel('news', { protocol: 'wherry.1', id: 5 });
  mirror.open();
  pc.announce(mirror);
  for (let i = 0; i < 40; i += 1)
    room.channel(`${i}`.padStart(1000, 'x'));
  socket.receive({ type: 'left', reason: 'failed' });
  const back = await accept(index + 1, { ...CAN, resumed: true });
  assert.deepEqual(back.socket.sent[0].opens.map((label) => label.length), [4, 4, 1000, 1000]);
  room.leave();
});

test('who never comes back is not waited for, and messages are addressed all the same', async () => {
  const { room, socket, pc, chat } = await chatting({ features: CAN.features }, { reconnect: false });
  assert.equal(socket.sent[0].resume, undefined);
  assert.equal(socket.sent[0].addressed, true);
  chat.send('a', { to: ANN });
  assert.deepEqual(sent(pc, 'chat'), ['1/a1/1 a']);
  room.leave();
});

test('in the room echo channels are as they are', async () => {
  const room = Wherry.room('http://relay.test/', 'echo', { WebSocket: FakeSocket, RTCPeerConnection: FakePeer });
  const index = FakeSocket.all.length;
  const joined = room.join();
  const { socket, pc } = await accept(index, { features: CAN.features });
  await joined;
  assert.equal(socket.sent[0].resume, undefined);
  const chat = room.channel('chat');
  pc.labeled('chat').open();
  await chat.ready();
  chat.send('a');
  assert.deepEqual(pc.labeled('chat').sent, ['a']);
  room.leave();
});

test('the same member on the next connection: nothing lost, nothing twice', async () => {
  const { room, socket, pc, chat, heard, index } = await chatting();
  const events = [];
  for (const type of ['resumed', 'gap', 'joined'])
    room.addEventListener(type, () => events.push(type));
  chat.addEventListener('gap', () => events.push('gap of chat'));
  chat.addEventListener('open', () => events.push('open'));
  for (const text of ['1', '2', '3'])
    chat.send(text);
  notice(pc, { type: 'ack', topic: 'chat', own: 1, sequence: 1 });
  pc.labeled('chat').receive(frame('x', { sequence: 9 }));
  pc.labeled('chat').receive(frame('y', { flags: 5, sequence: 4 }));
  socket.receive({ type: 'left', reason: 'failed' });
  assert.equal(chat.readyState, 'open');
  chat.send('4'); /* it waits */
  assert.equal(pc.closed, false);
  await until(() => FakeSocket.all.length > index);
  assert.equal(pc.closed, false, 'to close it now would say goodbye');
  const back = await accept(index, { ...CAN, resume: 'token-2', resumed: true, accepted: { chat: 2 } });
  assert.ok(pc.closed);
  assert.deepEqual(back.socket.sent[0].resume, { token: 'token-1', seen: { chat: 9 }, direct: { chat: 4 } });
  assert.deepEqual(sent(back.pc, 'chat'), ['1/0/3 3', '1/0/4 4']);
  for (const [text, flags, sequence] of [['x', 3, 9], ['z', 3, 10], ['y', 7, 4], ['w', 7, 5], ['live', 1, 11]])
    back.pc.labeled('chat').receive(frame(text, { flags, sequence }));
  pc.labeled('chat').receive(frame('ghost', { sequence: 12 }));
  assert.deepEqual(heard.map(({ data }) => data), ['x', 'y', 'z', 'w', 'live']);
  assert.deepEqual(events, ['joined', 'resumed']);
  assert.equal(room.state, 'connected');

  back.socket.receive({ type: 'left', reason: 'shutdown' });
  const again = await accept(index + 1, { ...CAN, resume: 'token-3', resumed: true, accepted: { chat: 4 } });
  assert.deepEqual(again.socket.sent[0].resume, { token: 'token-2', seen: { chat: 11 }, direct: { chat: 5 } });
  assert.deepEqual(sent(again.pc, 'chat'), []);
  room.leave();
});

test('a try that fails after it was let in goes on with the newer token', async () => {
  const { room, socket, chat, index } = await chatting();
  chat.send('1');
  socket.receive({ type: 'left', reason: 'failed' });
  await until(() => FakeSocket.all.length > index);
  const tried = FakeSocket.all[index];
  tried.open();
  tried.receive({ type: 'joined', peer: ANN, room: 'r', features: CAN.features, resume: 'token-2', resumed: true, accepted: {} });
  await settle();
  const pc = FakePeer.all.at(-1);
  tried.close();
  await settle();
  assert.equal(pc.closed, false);
  const { socket: last, pc: lastPc } = await accept(index + 1, { ...CAN, resumed: true });
  assert.equal(last.sent[0].resume.token, 'token-2');
  assert.ok(pc.closed);
  assert.deepEqual(sent(lastPc, 'chat'), ['1/0/1 1']);
  room.leave();
});

test('refused: another member, which says so', async () => {
  const { room, socket, pc, chat, heard, index } = await chatting();
  const mirror = new FakeChannel('news', { protocol: 'wherry.1' });
  mirror.open();
  pc.announce(mirror);
  const { channel: news } = await once(room, 'channel');
  chat.send('1');
  pc.labeled('chat').receive(frame('x', { sequence: 9 }));
  const gap = once(room, 'gap');
  const gapOfChat = once(chat, 'gap');
  const closed = once(news, 'close');
  socket.receive({ type: 'left', reason: 'failed' });
  chat.send('2');
  await until(() => FakeSocket.all.length > index);
  const again = FakeSocket.all[index];
  again.open();
  again.receive({ type: 'error', code: 'resume-refused', message: 'no', ref: 'join' });
  assert.deepEqual(again.sent.map(({ type, resume }) => [type, resume]), [['join', {
    token: 'token-1', seen: { chat: 9 }, direct: {},
  }], ['join', {}]]);
  const { pc: next } = await accept(index, { ...CAN, peer: '00000000000000bb', resume: 'token-2' });
  assert.deepEqual((await gap).topics, ['news', 'chat'].sort((a, b) => (a < b ? -1 : 1)));
  assert.equal((await gapOfChat).bytes, 18);
  assert.equal((await closed).error.code, 'resume-refused');
  assert.equal(room.id, '00000000000000bb');
  assert.deepEqual(sent(next, 'chat'), ['1/0/1 2'], 'what had not been sent is sent now');
  next.labeled('chat').receive(frame('from history', { flags: 3, sequence: 1 }));
  assert.deepEqual(heard.map(({ data }) => data), ['x', 'from history']);
  room.leave();
});

test('mirrors are the same ones when the relay opens them again', async () => {
  const { room, socket, pc, index } = await chatting();
  const first = new FakeChannel('news', { protocol: 'wherry.1', id: 5 });
  first.open();
  pc.announce(first);
  const { channel: news } = await once(room, 'channel');
  const heard = [];
  news.addEventListener('message', ({ data, from }) => heard.push(`${data} ${from}`));
  first.receive(frame('a', { sequence: 1 }));
  socket.receive({ type: 'left', reason: 'failed' });
  const back = await accept(index, { ...CAN, resumed: true });
  room.addEventListener('channel', () => assert.fail('another one'));
  const second = new FakeChannel('news', { protocol: 'wherry.1', id: 7 });
  second.open();
  back.pc.announce(second);
  second.receive(frame('a', { flags: 3, sequence: 1 }));
  second.receive(frame('b', { flags: 3, sequence: 2 }));
  assert.deepEqual(heard, [`a ${ANN}`, `b ${ANN}`]);
  assert.equal(news.protocol, '');
  news.send('c');
  assert.deepEqual(second.sent.map(read), ['1/0/1 c']);

  back.socket.receive({ type: 'left', reason: 'failed' });
  const { pc: third } = await accept(index + 1, { ...CAN, resumed: true });
  assert.deepEqual(sent(third, 'news'), ['1/0/1 c'], 'it does not wait for the relay to open the mirror');
  room.leave();
});

test('what waits for an answer has a limit, and sending waits there', async () => {
  const { room, pc, chat } = await chatting();
  const block = new Uint8Array(200_000);
  for (let i = 0; i < 30; i += 1)
    chat.send(block);
  const ready = chat.ready();
  assert.equal(pc.labeled('chat').sent.length, 21);
  assert.equal(chat.bufferedAmount, 9 * 200_000);
  let readied = false;
  ready.then(() => { readied = true; });
  await settle();
  assert.equal(readied, false);
  notice(pc, { type: 'ack', topic: 'chat', own: 20, sequence: 20 });
  await ready;
  assert.equal(pc.labeled('chat').sent.length, 30);
  room.leave();
});

test('two channels of one topic keep order between them, lossy ones have no numbers', async () => {
  const { room, pc, chat } = await chatting();
  const second = room.channel('chat');
  const lossy = room.channel('fast', { ordered: false, maxRetransmits: 0 });
  const other = pc.channels.at(-2);
  other.open();
  pc.labeled('fast').open();
  await settle();
  chat.send('1');
  second.send('2');
  chat.send('3');
  lossy.send('4');
  assert.deepEqual(sent(pc, 'chat'), ['1/0/1 1', '1/0/2 2', '1/0/3 3']);
  assert.deepEqual(other.sent, []);
  assert.deepEqual(sent(pc, 'fast'), ['1/0/0 4']);
  chat.close();
  second.send('5');
  assert.deepEqual(other.sent.map(read), ['1/0/1 1', '1/0/2 2', '1/0/3 3', '1/0/4 5']);
  room.leave();
});

test('who leaves, or is sent away, is not waited for', async () => {
  for (const end of [({ room }) => { room.leave(); }, ({ socket }) => { socket.receive({ type: 'left', reason: 'kicked' }); }]) {
    const far = await chatting();
    end(far);
    far.socket.receive({ type: 'left', reason: 'left' });
    await settle();
    assert.ok(far.pc.closed);
    assert.equal(far.chat.readyState, 'closed');
    assert.equal(FakeSocket.all.length, far.index);
  }
});

test('what begins on a mirror, before the relay knows of our channel, goes on on ours', async () => {
  const { room, pc, heard } = await chatting();
  room.addEventListener('channel', () => assert.fail('a mirror of a topic that we have'));
  const mirror = new FakeChannel('chat', { protocol: 'wherry.1', id: 9 });
  mirror.open();
  pc.announce(mirror);
  mirror.receive(frame('a', { flags: 3, sequence: 1 }));
  pc.labeled('chat').receive(frame('b', { sequence: 2 }));
  mirror.close();
  pc.labeled('chat').receive(frame('c', { sequence: 3 }));
  assert.deepEqual(heard.map(({ data }) => data), ['a', 'b', 'c']);
  await room.leave();
});
