/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs against wherry.d.ts; compiled by test-types.mjs, never run. */

import {
  Wherry, WherryError, type ChannelOptions, type JoinOptions, type Member, type Message, type RoomState,
  type WherryChannel, type WherryRoom,
} from 'wherry';

const options: JoinOptions = {
  name: 'Ann', token: 't', mirror: false, iceServers: [{ urls: 'stun:a.test' }], signal: new AbortController().signal,
  reconnect: { retries: 3, minDelay: 100 }, connectTimeout: 1000,
};

export const talk = async (): Promise<void> => {
  const room: WherryRoom = await Wherry.join(new URL('http://a.test/'), 'lobby', options);
  const lossy: ChannelOptions = { ordered: false, maxRetransmits: 0 };
  const channel: WherryChannel = room.channel('game', lossy);
  channel.addEventListener('message', (event) => {
    const data: Message = event.data;
    return typeof data === 'string' ? data.length : data.byteLength;
  });
  channel.addEventListener('gap', ({ bytes }) => bytes.toFixed());
  room.addEventListener('state', ({ state, reason, error }) => {
    const word: RoomState = state;
    return word === 'failed' ? error?.code : reason.length;
  });
  room.addEventListener('channel', (event) => event.channel.label);
  room.addEventListener('member-left', ({ member, reason }) => reason ?? member.name);
  room.addEventListener('something-new', (event: Event) => event.type);
  await channel.ready();
  await channel.send(new Uint8Array(8));
  channel.send(new Blob(['x']));
  for await (const data of channel)
    void (typeof data === 'string');
  const members: Member[] = [...room.members.values()];
  room.signal(members[0], { any: 'json' });
  room.signal('00000000000000aa', 7);
  room.addEventListener('member-changed', ({ member }) => member.attributes.seat);
  await room.setAttributes({ ...room.attributes, seat: 2 });
  const rtt: number | null | undefined = (await room.stats())?.roundTripTime;
  void rtt;
  await Wherry.room('/', 'lobby').join().catch((error: unknown) => error instanceof WherryError && error.code === 'room-full');
  await room.leave();
};

export const mistakes = async (room: WherryRoom, channel: WherryChannel): Promise<void> => {
  // @ts-expect-error a number is no message
  channel.send(7);
  // @ts-expect-error no such option
  room.channel('c', { reliable: true });
  // @ts-expect-error a join needs a room
  await Wherry.join('http://a.test/');
  // @ts-expect-error members are the server's to change
  room.members.clear();
  // @ts-expect-error the id is given by the server
  room.id = 'x';
  // @ts-expect-error a message has no such field
  channel.addEventListener('message', (event) => event.payload);
  // @ts-expect-error attributes are an object
  await room.setAttributes('hello');
  // @ts-expect-error msg sends objects
  room.msg('hello');
};
