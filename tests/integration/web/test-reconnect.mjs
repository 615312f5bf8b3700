/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Losing the connection: what is tried again, what is not, and what becomes of the channels. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { FakeChannel, FakePeer, FakeSocket, accept, joinedRoom, once, settle, until } from './fakes.mjs';

const { Wherry } = await import(process.env.WHERRY_JS);
const SOON = { reconnect: { minDelay: 1, maxDelay: 4 } };

const watch = (room) => {
  const states = [];
  room.addEventListener('state', ({ state, reason }) => states.push({ state, reason }));
  return states;
};

const lose = ({ socket }, reason = 'failed') => socket.receive({ type: 'left', reason });

/* As a browser does it when the association ends: all channels close. */
const endAssociation = ({ pc }) => {
  pc.sctp.state = 'closed';
  for (const channel of pc.channels)
    channel.close();
};

test('channels come back with the same options, members and id are new', async () => {
  const far = await joinedRoom(Wherry, { name: 'Ann', ...SOON }, { members: [{ peer: 'a1', name: 'Old' }] });
  const { room } = far;
  const states = watch(room);
  const channel = room.channel('game', { ordered: false, maxRetransmits: 0, protocol: 'p' });
  far.pc.labeled('game').open();
  far.pc.labeled('game').stuck = true;
  channel.send('on its way');
  const got = [];
  channel.addEventListener('message', (event) => got.push(event.data));
  const gap = once(channel, 'gap');
  const index = FakeSocket.all.length;
  lose(far, 'shutdown');
  assert.equal(room.state, 'reconnecting');
  assert.match(room.reason, /shutting down.*Trying again/);
  assert.equal((await gap).bytes, 10);
  assert.equal(room.members.size, 0);
  assert.throws(() => channel.send('now'), { code: 'not-connected' });
  assert.ok(far.pc.closed && far.socket.readyState === 3, 'the old connection is let go');
  const ready = channel.ready();
  const { socket, pc } = await accept(index, { peer: '00000000000000bb', members: [{ peer: 'b2', name: 'New' }] });
  await ready;
  assert.deepEqual(socket.sent[0], { type: 'join', room: 'r', name: 'Ann', resume: {}, opens: ['game'] });
  assert.deepEqual(pc.labeled('game').init, { ordered: false, maxRetransmits: 0, protocol: 'p' });
  assert.equal(room.id, '00000000000000bb');
  assert.deepEqual([...room.members.keys()], ['b2']);
  assert.deepEqual(states.map(({ state }) => state), ['reconnecting', 'connected']);
  channel.send('again');
  assert.deepEqual(pc.labeled('game').sent, ['again']);
  pc.labeled('game').receive('hello');
  far.pc.labeled('game').receive('a ghost of the old connection');
  assert.deepEqual(got, ['hello']);
});

test('mirrored channels end with the connection that had them', async () => {
  const far = await joinedRoom(Wherry, SOON);
  const dc = new FakeChannel('news');
  dc.open();
  far.pc.announce(dc);
  const { channel } = await once(far.room, 'channel');
  const closed = once(channel, 'close');
  lose(far);
  assert.equal((await closed).error.code, 'failed');
  assert.deepEqual(far.room.channels, []);
  far.room.leave();
});

test('an iterator goes on over a reconnection', async () => {
  const far = await joinedRoom(Wherry, SOON);
  const channel = far.room.channel('c');
  far.pc.labeled('c').open();
  const got = [];
  const reading = (async () => {
    for await (const data of channel)
      got.push(data);
  })();
  await settle();
  far.pc.labeled('c').receive(1n.toString());
  const index = FakeSocket.all.length;
  lose(far);
  const { pc } = await accept(index);
  pc.labeled('c').receive('2');
  channel.close();
  await reading;
  assert.deepEqual(got, ['1', '2']);
});

test('a failing server is asked again and again, a final answer ends it', async () => {
  const far = await joinedRoom(Wherry, SOON);
  const channel = far.room.channel('c');
  const states = watch(far.room);
  const index = FakeSocket.all.length;
  lose(far);
  await until(() => FakeSocket.all.length > index);
  FakeSocket.all[index].close();
  await until(() => FakeSocket.all.length > index + 1);
  FakeSocket.all[index + 1].open();
  FakeSocket.all[index + 1].receive({ type: 'error', ref: 'join', code: 'server-full', message: 'No room now.' });
  await until(() => FakeSocket.all.length > index + 2);
  FakeSocket.all[index + 2].open();
  FakeSocket.all[index + 2].receive({ type: 'error', ref: 'join', code: 'forbidden', message: 'Not any more.' });
  await until(() => far.room.state === 'failed');
  assert.equal(far.room.error.code, 'forbidden');
  assert.deepEqual(states.map(({ state }) => state), ['reconnecting', 'reconnecting', 'reconnecting', 'failed']);
  assert.match(states[1].reason, /did not answer.*attempt 2/);
  assert.match(states[2].reason, /No room now.*attempt 3/);
  await assert.rejects(channel.ready(), { code: 'forbidden' });
});

test('tries are limited where the caller says so', async () => {
  const far = await joinedRoom(Wherry, { reconnect: { minDelay: 1, maxDelay: 1, retries: 2 } });
  const index = FakeSocket.all.length;
  lose(far);
  for (const number of [0, 1]) {
    await until(() => FakeSocket.all.length > index + number);
    FakeSocket.all[index + number].close();
  }
  await until(() => far.room.state === 'failed');
  assert.equal(FakeSocket.all.length, index + 2);
  assert.equal(far.room.error.code, 'unreachable');
});

for (const reason of ['kicked', 'banned', 'expired', 'replaced']) {
  test(`a member who left because ${reason} stays away`, async () => {
    const far = await joinedRoom(Wherry, SOON);
    lose(far, reason);
    assert.equal(far.room.state, 'failed');
    assert.equal(far.room.error.code, reason);
    assert.ok(far.pc.closed);
  });
}

for (const reason of ['kicked', 'banned', 'expired', 'replaced']) {
  test(`it stays away when the connection ends before it hears that it was ${reason}`, async () => {
    const far = await joinedRoom(Wherry, SOON);
    const channel = far.room.channel('c');
    far.pc.labeled('c').open();
    const sockets = FakeSocket.all.length;
    endAssociation(far);
    assert.equal(far.room.state, 'reconnecting');
    assert.throws(() => channel.send('now'), { code: 'not-connected' });
    far.socket.receive({ type: 'member-joined', peer: 'b2', name: 'Late' });
    assert.doesNotMatch(far.room.reason, /Trying again/);
    lose(far, reason);
    assert.equal(far.room.state, 'failed');
    assert.equal(far.room.error.code, reason);
    assert.equal(far.room.members.size, 0);
    assert.equal(FakeSocket.all.length, sockets);
    await assert.rejects(channel.ready(), { code: reason });
  });
}

test('while it connects, too, the reason is waited for', async () => {
  const far = await joinedRoom(Wherry, SOON);
  const index = FakeSocket.all.length;
  const peers = FakePeer.all.length;
  lose(far);
  await until(() => FakeSocket.all.length > index);
  FakeSocket.all[index].open();
  FakeSocket.all[index].receive({ type: 'joined', peer: '00000000000000bb', room: 'r', members: [] });
  await until(() => FakePeer.all.length > peers);
  FakePeer.all[peers].become('failed');
  assert.equal(FakeSocket.all[index].readyState, 1);
  lose({ socket: FakeSocket.all[index] }, 'kicked');
  await until(() => far.room.state === 'failed');
  assert.equal(far.room.error.code, 'kicked');
  assert.equal(FakeSocket.all.length, index + 1);
});

test('a server that says no reason is not waited for longer than two seconds', async (t) => {
  const far = await joinedRoom(Wherry, SOON);
  const waits = t.mock.method(globalThis, 'setTimeout', () => 0);
  endAssociation(far);
  waits.mock.restore();
  assert.deepEqual(waits.mock.calls.map((call) => call.arguments[1]), [2000]);
  const index = FakeSocket.all.length;
  waits.mock.calls[0].arguments[0]();
  assert.equal(far.socket.readyState, 3);
  await accept(index);
  assert.equal(far.room.state, 'connected');
});

test('reconnect: false ends in failed', async () => {
  const far = await joinedRoom(Wherry, { reconnect: false });
  lose(far);
  assert.equal(far.room.state, 'failed');
});

test('a short silence of the network is waited out', async () => {
  const far = await joinedRoom(Wherry, SOON);
  const states = watch(far.room);
  far.pc.become('disconnected');
  far.pc.become('connected');
  assert.deepEqual(states.map(({ state }) => state), ['reconnecting', 'connected']);
  assert.equal(far.pc.closed, false);
});

const CAN_RESUME = { features: ['addressed', 'resume'], resume: 'token-1' };

/* Runs what waits for `ms`, as if the time had come. */
const elapse = (waits, ms) => waits.mock.calls.filter((call) => call.arguments[1] === ms).at(-1).arguments[0]();

for (const [joined, ms] of [[{}, 10_000], [CAN_RESUME, 3_000]]) {
  test(`while the connection wavers the socket has ${ms} ms to answer`, async (t) => {
    const far = await joinedRoom(Wherry, { ...SOON, resume: 'resume' in joined }, joined);
    const pings = () => far.socket.sent.filter(({ type }) => type === 'ping');
    const index = FakeSocket.all.length;
    const waits = t.mock.method(globalThis, 'setTimeout', () => 0);
    far.pc.become('disconnected');
    far.pc.become('disconnected');
    assert.equal(pings().length, 1);
    far.socket.receive({ type: 'pong', tid: pings()[0].tid });
    elapse(waits, ms);
    assert.equal(pings().length, 2); /* it lives, and is asked again */
    waits.mock.restore();
    elapse(waits, ms);
    assert.equal(far.room.state, 'reconnecting');
    assert.equal(far.socket.readyState, 3);
    await accept(index, joined);
    assert.equal(far.room.state, 'connected');
  });
}

/* What is left to time, having played `then` with time standing still. */
const standing = (t, then) => {
  const waits = t.mock.method(globalThis, 'setTimeout', () => ({}));
  const cleared = t.mock.method(globalThis, 'clearTimeout', () => {});
  then();
  waits.mock.restore();
  cleared.mock.restore();
  const over = cleared.mock.calls.map((call) => call.arguments[0]);
  return waits.mock.calls.filter(({ result }) => !over.includes(result)).map((call) => call.arguments[1]);
};

test('a socket that answered is left alone once the connection is back', async (t) => {
  const far = await joinedRoom(Wherry, { ...SOON, resume: true }, CAN_RESUME);
  const left = standing(t, () => {
    far.pc.become('disconnected');
    far.socket.receive({ type: 'pong', tid: far.socket.sent.at(-1).tid });
    far.pc.become('connected');
  });
  assert.deepEqual(left, []);
});

test('a socket that did not survive a change of the network is missed', async (t) => {
  for (const [joined, comesBack] of [[CAN_RESUME, true], [{}, false]]) {
    const far = await joinedRoom(Wherry, { ...SOON, resume: comesBack }, joined);
    const index = FakeSocket.all.length;
    const waits = t.mock.method(globalThis, 'setTimeout', () => 0);
    far.pc.become('disconnected');
    far.pc.become('connected');
    const pinging = assert.rejects(far.room.ping(), { code: 'timeout' });
    waits.mock.restore();
    assert.equal(waits.mock.calls.at(-1).arguments[1], 10_000);
    waits.mock.calls.at(-1).arguments[0]();
    await pinging;
    assert.equal(far.room.state, comesBack ? 'reconnecting' : 'connected'); /* another member would not be this one */
    if (comesBack)
      await accept(index, joined);
    assert.equal(far.room.state, 'connected');
  }
});

/* The browser's network events, for who asks from now on. */
const network = (t) => {
  const target = new EventTarget();
  for (const name of ['addEventListener', 'removeEventListener']) {
    const was = globalThis[name];
    globalThis[name] = target[name].bind(target);
    t.after(() => { globalThis[name] = was; });
  }
  return () => target.dispatchEvent(new Event('online'));
};

test('who comes back has five seconds to reach the server and ten to connect, and twice as much the next time', async (t) => {
  const far = await joinedRoom(Wherry, SOON);
  const real = setTimeout;
  const waits = t.mock.method(globalThis, 'setTimeout', (func, delay) => real(func, delay < 1000 ? delay : 2 ** 30));
  const due = (ms) => waits.mock.calls.filter((call) => call.arguments[1] === ms).at(-1);
  for (const ms of [5_000, 10_000]) {
    const index = FakeSocket.all.length;
    if (ms === 5_000)
      lose(far);
    else
      due(10_000).arguments[0](); /* it has reached the server, and that is all */
    await until(() => FakeSocket.all.length > index);
    assert.ok(due(ms));
    waits.mock.resetCalls();
    FakeSocket.all[index].open();
    assert.ok(due(2 * ms));
    if (ms === 10_000)
      await accept(index);
  }
  waits.mock.restore();
  assert.equal(far.room.state, 'connected');
});

test('a change of the network ends a try that waits for the server', async (t) => {
  const online = network(t);
  const far = await joinedRoom(Wherry, SOON);
  const index = FakeSocket.all.length;
  lose(far);
  await until(() => FakeSocket.all.length > index);
  online();
  assert.equal(FakeSocket.all[index].readyState, 3);
  await accept(index + 1);
  assert.equal(far.room.state, 'connected');
  const pings = far.socket.sent.length;
  online();
  assert.equal(FakeSocket.all[index + 1].sent.at(-1).type, 'ping'); /* and asks one that is open */
  assert.equal(far.socket.sent.length, pings);
});

test('silence without a socket, a failure and an ended association are losses', async () => {
  const endings = [
    (far) => { far.socket.close(); far.pc.become('disconnected'); },
    (far) => { far.pc.become('disconnected'); far.socket.close(); },
    (far) => { far.pc.become('failed'); far.socket.close(); },
    (far) => { far.pc.become('failed'); lose(far); },
    (far) => { endAssociation(far); lose(far, 'shutdown'); },
    (far) => { far.socket.close(); endAssociation(far); },
  ];
  for (const end of endings) {
    const far = await joinedRoom(Wherry, SOON);
    const index = FakeSocket.all.length;
    end(far);
    assert.equal(far.room.state, 'reconnecting', `${end}`);
    await accept(index);
    assert.equal(far.room.state, 'connected');
  }
});

test('leaving while waiting, and while trying, ends it', async () => {
  const waiting = await joinedRoom(Wherry, { reconnect: { minDelay: 60_000 } });
  lose(waiting);
  await waiting.room.leave();
  assert.equal(waiting.room.state, 'closed');

  const trying = await joinedRoom(Wherry, SOON);
  const index = FakeSocket.all.length;
  const peers = FakePeer.all.length;
  lose(trying);
  await until(() => FakeSocket.all.length > index);
  await trying.room.leave();
  await settle();
  assert.equal(trying.room.state, 'closed');
  assert.equal(FakeSocket.all[index].readyState, 3);
  assert.equal(FakePeer.all.length, peers);
});

test('the network coming back cuts the wait short', async () => {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  try {
    const far = await joinedRoom(Wherry, { reconnect: { minDelay: 60_000, maxDelay: 60_000 } });
    const index = FakeSocket.all.length;
    lose(far);
    await settle();
    assert.equal(FakeSocket.all.length, index);
    page.dispatchEvent(new Event('online'));
    await accept(index);
    assert.equal(far.room.state, 'connected');
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});
