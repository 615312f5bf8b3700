/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of participant.md's direct mode, for the stacks that run in Node or in a page. */

import { bytes, digest, end, lines, say } from './host.mjs';

export { say };

const payload = (head, size) => {
  const data = bytes(size);
  for (let at = 0; at < size; at += 1)
    data[at] = at < head.length ? head.charCodeAt(at) : 97 + (at % 26);
  return data;
};

/** A message came: a string, or bytes. */
export const heard = (channel, message) => {
  const text = typeof message === 'string';
  const data = text ? new TextEncoder().encode(message) : new Uint8Array(message);
  const head = new TextDecoder().decode(data.subarray(0, 24));
  say({
    event: 'message',
    channel,
    kind: text ? 'text' : 'binary',
    size: data.length,
    sha256: digest(data),
    head: head.slice(0, head.lastIndexOf(':') + 1),
  });
};

const channels = new Map();
let incoming = 0;

/** The name of a channel that the other side opened. `wrap` takes the name and gives { send, close }. */
export const announce = (description, wrap) => {
  const channel = `in${incoming}`;
  incoming += 1;
  say({ event: 'channel', channel, ...description });
  channels.set(channel, wrap(channel));
};

const send = ({ channel, kind, head, size }) => {
  const data = payload(head, size);
  channels.get(channel).send(kind === 'text' ? new TextDecoder().decode(data) : data);
  say({ event: 'sent', channel, size });
};

let ready;

const obey = async (stack, order) => {
  switch (order.do ?? order.type) {
    case 'create':
      channels.set(order.channel, stack.create(order.channel, order));
      break;
    case 'offer':
      if (order.type)
        await stack.accept(order);
      else
        await stack.offer(false);
      break;
    case 'renew':
      stack.renew();
      channels.clear();
      incoming = 0;
      ready();
      break;
    case 'restart':
      await stack.offer(true);
      break;
    case 'answer':
      await stack.accept(order);
      break;
    case 'candidate':
      await stack.candidate(order);
      break;
    case 'send':
      send(order);
      break;
    case 'close':
      channels.get(order.channel).close();
      break;
    default:
      throw new Error('no such order');
  }
};

/** Obeys until it is told to quit. What fails is said, and the next line is read. */
export const serve = async (name, version, stack) => {
  ready = () => say({ event: 'ready', stack: name, version, renews: Boolean(stack.renew) });
  ready();
  for await (const line of lines()) {
    const order = JSON.parse(line);
    if (order.do === 'quit')
      break;
    try {
      await obey(stack, order);
    } catch (error) {
      say({ event: 'failed', do: order.do ?? order.type, channel: order.channel, message: `${error?.message ?? error}` });
    }
  }
  stack.close();
  end();
};
