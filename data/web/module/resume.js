/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a member knows of its room so that it comes back as the one it was: nothing lost, nothing twice. Part of wherry.js. */

export const ADDRESSED = 'wherry.1';

const ADDRESS_BYTES = 17;
const UNACKED_BYTES = 4 * 1024 * 1024; /* of one topic; over it sending waits for the relay */
const IS_TEXT = 1;
const IS_REPLAYED = 2;
const IS_DIRECT = 4;
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const addressedFrame = (data, to, own) => {
  const text = typeof data === 'string';
  let bytes = data;
  if (text)
    bytes = utf8Encoder.encode(data);
  else if (!ArrayBuffer.isView(data))
    bytes = new Uint8Array(data);
  const frame = new Uint8Array(ADDRESS_BYTES + bytes.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, text ? IS_TEXT : 0);
  view.setBigUint64(1, to ? BigInt(`0x${to}`) : 0n);
  view.setBigUint64(9, BigInt(own));
  frame.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), ADDRESS_BYTES);
  return frame;
};

const unframe = (data) => {
  if (!(data instanceof ArrayBuffer) || data.byteLength < ADDRESS_BYTES)
    return null;
  const view = new DataView(data);
  const flags = view.getUint8(0);
  const id = view.getBigUint64(1);
  return {
    data: flags & IS_TEXT ? utf8Decoder.decode(new Uint8Array(data, ADDRESS_BYTES)) : data.slice(ADDRESS_BYTES),
    from: id === 0n ? null : id.toString(16).padStart(16, '0'), /* null: the server itself */
    sequence: Number(view.getBigUint64(9)),
    replayed: (flags & IS_REPLAYED) !== 0,
    direct: (flags & IS_DIRECT) !== 0,
  };
};

/* Of one label, whatever channels it has: numbers are a member's and a topic's. */
class TopicMemory {
  seen = 0;
  direct = 0;
  bytes = 0; /* not acknowledged */
  #own = 0;
  #unacked = []; /* { own, frame }, in order */
  #framings = new Set(); /* that are open */
  #active = null; /* that all which is numbered goes by: two channels do not keep order between them */

  get full() { return this.bytes >= UNACKED_BYTES; }

  enter(framing) {
    this.#framings.add(framing);
    if (this.#active === null || this.#active.mirrored)
      this.#use(framing);
  }

  leave(framing) {
    this.#framings.delete(framing);
    if (this.#active === framing)
      this.#active = null;
  }

  /* What has no answer yet goes again: the relay knows by the numbers what it has. */
  #use(framing) {
    this.#active = framing;
    for (const { frame } of this.#unacked)
      framing.dc.send(frame);
  }

  send(framing, data, to) {
    if (this.#active?.dc.readyState !== 'open')
      this.#use(framing);
    const frame = addressedFrame(data, to, this.#own + 1);
    this.#active.dc.send(frame);
    this.#own += 1;
    this.#unacked.push({ own: this.#own, frame });
    this.bytes += frame.byteLength;
  }

  acknowledge(own) {
    const was = this.full;
    while (this.#unacked.length > 0 && this.#unacked[0].own <= own)
      this.bytes -= this.#unacked.shift().frame.byteLength;
    if (was && !this.full)
      this.#framings.forEach((framing) => framing.wake());
  }

  /* The connection is gone. */
  cut() {
    this.#framings.clear();
    this.#active = null;
  }

  /* FALSE: it was there before. */
  isNew({ sequence, replayed, direct }) {
    const last = direct ? this.direct : this.seen;
    if (replayed && sequence <= last)
      return false;
    if (direct)
      this.direct = Math.max(last, sequence);
    else
      this.seen = Math.max(last, sequence);
    return true;
  }
}

/* Between a channel of ours and one of the browser's: adds the header, and takes it off. */
class Framing {
  #topic;
  #numbered;
  wake = () => {};

  constructor(topic, dc, mirrored) {
    this.dc = dc;
    this.mirrored = mirrored;
    this.#topic = topic;
    /* the relay takes numbers in order: who may overtake or be lost has none */
    this.#numbered = dc.ordered !== false && dc.maxRetransmits == null && dc.maxPacketLifeTime == null;
  }

  get full() { return this.#numbered && this.#topic.full; }

  opened() {
    if (this.#numbered)
      this.#topic.enter(this);
  }

  closed() { this.#topic.leave(this); }

  send(data, to) {
    if (this.#numbered)
      this.#topic.send(this, data, to);
    else
      this.dc.send(addressedFrame(data, to, 0));
  }

  /* The fields of the message; null: none, or one that was there before. */
  receive(data) {
    const message = unframe(data);
    return message !== null && this.#topic.isNew(message) ? message : null;
  }
}

export class Session {
  #token = null;
  #framed = false;
  #had = false; /* a place in the room, which is to be resumed */
  #topics = new Map();
  #old = []; /* connections: to close one says goodbye for good, if the relay hears it */

  /** Whether the next connection may go on where the last one ended. */
  get resumable() { return this.#token !== null; }
  /** What framing takes of the size of a message. */
  get overhead() { return this.#framed ? ADDRESS_BYTES : 0; }

  /** `resume` of the next join. */
  get request() {
    if (this.#token === null)
      return {};
    const numbers = (key) => Object.fromEntries([...this.#topics].filter(([, topic]) => topic[key] > 0).map(([label, topic]) => [label, topic[key]]));
    return { token: this.#token, seen: numbers('seen'), direct: numbers('direct') };
  }

  /** Whether we are who we were: null for the first time, true, or the labels of what is interrupted with the bytes that may be lost. */
  joined({ resume = null, resumed = false, accepted = {}, features = [] }) {
    const had = this.#had;
    this.#token = resume;
    this.#framed = features.includes('addressed');
    this.#had = resume !== null;
    this.#close();
    if (resumed) {
      this.#topics.forEach((topic, label) => topic.acknowledge(Object.hasOwn(accepted, label) ? accepted[label] : 0));
      return true;
    }
    const gap = new Map([...this.#topics].map(([label, topic]) => [label, topic.bytes]));
    this.#topics.clear();
    return had ? gap : null;
  }

  /** The token is of no use any more. */
  refused() { this.#token = null; }

  acknowledge({ topic, own }) { this.#topics.get(topic)?.acknowledge(own); }

  /** The protocol of a channel of ours whose own is `protocol`; undefined: that. */
  protocolOf(protocol) { return this.#framed && !protocol ? ADDRESSED : undefined; }

  /** Whether something waits for the relay's word. */
  waits(label) { return (this.#topics.get(label)?.bytes ?? 0) > 0; }

  /** For a channel of the browser's; null where it carries messages as they are. */
  frame(dc, mirrored) {
    if (!this.#framed || dc.protocol !== ADDRESSED)
      return null;
    if (!this.#topics.has(dc.label))
      this.#topics.set(dc.label, new TopicMemory());
    return new Framing(this.#topics.get(dc.label), dc, mirrored);
  }

  /** The connection is gone. */
  cut() { this.#topics.forEach((topic) => topic.cut()); }

  /** TRUE: it will be closed here, when the relay has taken us back. */
  keep(pc) {
    if (!this.resumable || pc === null)
      return false;
    this.#old.push(pc);
    return true;
  }

  /** This member has left or was sent away. */
  end() {
    this.#token = null;
    this.#had = false;
    this.#topics.clear();
    this.#close();
  }

  #close() { this.#old.splice(0).forEach((pc) => pc.close()); }
}
