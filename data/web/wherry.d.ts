/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * Join a room of a Wherry relay.
 *
 * A room's topics are channel labels: what one member sends on a channel reaches every other member that has a
 * channel with the same label. `room.channel()` opens one; with `mirror` (the default) channels that only others have
 * opened appear as `channel` events.
 *
 * The `data` of `message`, `channel`, `signal` and `msg` events that come before the first listener are kept for it
 * (at most 1024 events or 1 MiB for each channel or room; `unheard` counts what was dropped beyond that).
 */

/** What can be sent on a channel. */
export type Sendable = string | ArrayBuffer | ArrayBufferView | Blob;

/** What arrives on a channel: text stays text, binary stays binary, empty stays empty. */
export type Message = string | ArrayBuffer;

/**
 * - `signaling`: asking the server to enter the room
 * - `connecting`: making the connection to the relay
 * - `connected`: messages pass
 * - `reconnecting`: the connection was lost; new tries are made by themselves
 * - `closed`: not joined yet, or left
 * - `failed`: given up; `reason` and `error` say why
 */
export type RoomState = 'signaling' | 'connecting' | 'connected' | 'reconnecting' | 'closed' | 'failed';

/** Codes that the server sends (`WherryError.code`). */
export type ServerCode =
  | 'bad-message' | 'unknown-type' | 'not-joined' | 'already-joined' | 'bad-room' | 'room-full' | 'server-full'
  | 'unauthorized' | 'forbidden' | 'bad-sdp' | 'bad-candidate' | 'too-large' | 'rate-limited' | 'no-such-member'
  | 'shutting-down' | 'resume-refused' | 'internal';

/** Why the server ended a membership. */
export type LeftCode = 'failed' | 'slow' | 'kicked' | 'banned' | 'timeout' | 'expired' | 'replaced' | 'shutdown';

/** Codes that arise on this side. */
export type LocalCode =
  /** the server did not answer at the address */
  | 'unreachable'
  /** this browser cannot do it */
  | 'unsupported'
  /** the room or channel is closed */
  | 'closed'
  /** not connected just now: `await channel.ready()` */
  | 'not-connected'
  /** 64 MiB wait to be sent: `await channel.ready()` */
  | 'buffer-full'
  /** the browser refused one message */
  | 'not-sent'
  /** an iterator was not read in time: 16 MiB waited */
  | 'too-slow';

/** What went wrong: `code` is for programs, `message` a sentence for people. */
export class WherryError extends Error {
  constructor(code: string, message: string, options?: { cause?: unknown });
  readonly name: 'WherryError';
  /** One of the codes above; a newer server may send others. */
  readonly code: ServerCode | LeftCode | LocalCode | (string & {});
}

/** An event of a room or a channel, with the fields of its type. */
export class WherryEvent<Fields extends object = {}> extends Event {
  constructor(type: string, fields?: Fields);
}

type Fired<Fields extends object> = WherryEvent<Fields> & Readonly<Fields>;

/** Typed listeners over EventTarget. */
interface TypedTarget<Events> extends EventTarget {
  addEventListener<Type extends keyof Events & string>(
    type: Type, listener: ((event: Events[Type]) => void) | null, options?: boolean | AddEventListenerOptions): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Type extends keyof Events & string>(
    type: Type, listener: ((event: Events[Type]) => void) | null, options?: boolean | EventListenerOptions): void;
  removeEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
  /** Events dropped because nobody listened for them and too many had been kept. */
  readonly unheard: number;
}

/** How a channel delivers; as in RTCDataChannelInit. */
export interface ChannelOptions {
  /** Messages arrive in the order in which they were sent. Default: true. */
  ordered?: boolean;
  /** A message that is lost is sent again at most this often, 0 to 65535. Excludes `maxPacketLifeTime`. */
  maxRetransmits?: number;
  /** A message is given up after this many milliseconds, 0 to 65535. Excludes `maxRetransmits`. */
  maxPacketLifeTime?: number;
  /** How messages are framed; empty means verbatim. */
  protocol?: string;
}

/** Where a message comes from. */
export interface MessageOrigin {
  /** The member that sent it; null: the server itself. */
  from: string | null;
  /** Rises by one for each message to everybody on the topic; for a direct one it counts those to us. */
  sequence: number;
  /** It was sent before: from history, or while we were away. */
  replayed: boolean;
  /** It is for us alone. */
  direct: boolean;
}

export interface SendOptions {
  /** The one member that is to get it. Not with the option `resume` switched off, nor by servers that do not know it. */
  to?: string | Member;
}

export interface ChannelEvents {
  /** Messages can be sent; comes again after each reconnection. */
  open: Fired<{}>;
  /** The other fields are there unless the option `resume` is off, or the server does not know it, or the channel has a `protocol`. */
  message: Fired<{ data: Message } & Partial<MessageOrigin>>;
  /**
   * We could not come back as the same member: this many bytes may not have arrived, and others' messages may be missing.
   * Without the option `resume`, or on a channel with a `protocol`: the connection was lost while this many bytes waited here;
   * they, and what was on its way, may not have arrived.
   */
  gap: Fired<{ bytes: number }>;
  /** One message could not be sent; the channel lives on. */
  error: Fired<{ error: WherryError }>;
  /** The channel is closed for good. */
  close: Fired<{ error: WherryError | null }>;
}

/** Counts since the channel was made, over all reconnections. Bytes are those of the messages. */
export interface ChannelCounts {
  messagesSent: number;
  messagesReceived: number;
  bytesSent: number;
  bytesReceived: number;
}

/** A data channel: publishes and subscribes on its label. It outlives the connection unless it is a mirrored one. */
export interface WherryChannel extends TypedTarget<ChannelEvents>, AsyncIterable<Message> {
  readonly label: string;
  /** Whether the relay opened it, because another member has this topic. Ends with the connection. */
  readonly mirrored: boolean;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | null;
  readonly maxPacketLifeTime: number | null;
  /** The stream id, or null while not connected. */
  readonly id: number | null;
  readonly readyState: 'connecting' | 'open' | 'closing' | 'closed';
  /** Why it was closed, if not by this side or the relay's ordinary closing. */
  readonly error: WherryError | null;
  /** Bytes given to send() that have not left this machine's buffers. */
  readonly bufferedAmount: number;
  readonly counts: Readonly<ChannelCounts>;
  /**
   * Sends one message; order is kept, also behind a Blob that has to be read first. The promise resolves when there is
   * room for the next message (as `ready()`); it need not be awaited.
   * @throws {RangeError} larger than `room.maxMessageSize`
   * @throws {TypeError} no message, or no member to send it to
   * @throws {WherryError} `not-connected` or `buffer-full`
   */
  send(data: Sendable, options?: SendOptions): Promise<void>;
  /** Resolves when the channel is open and at most 256 KiB wait; rejects when it is closed. */
  ready(): Promise<void>;
  /** Resolves when nothing waits any more; rejects when it is closed. */
  drained(): Promise<void>;
  /** Closes it after what was sent. */
  close(): void;
}
export const WherryChannel: { prototype: WherryChannel };

/** Another member of the room. */
export interface Member {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** As the member gave it; may be empty, and several may share one. */
  readonly name: string;
  /** What the member says about itself; empty when it says nothing. */
  readonly attributes: Readonly<Record<string, any>>;
  /** `away`: the connection was lost and the member may come back. */
  readonly state: 'here' | 'away' | 'left';
}

/** How the connection to the relay runs. */
export interface CandidatePair {
  local: 'host' | 'srflx' | 'prflx' | 'relay' | 'unknown';
  remote: 'host' | 'srflx' | 'prflx' | 'relay' | 'unknown';
  protocol: string;
  /** Through a TURN server. */
  relayed: boolean;
}

export interface Stats {
  state: RTCPeerConnectionState;
  /** Milliseconds to the relay and back as ICE last measured it, every few seconds; null if the browser does not tell. */
  roundTripTime: number | null;
  /** Bytes on the wire of the selected pair. */
  bytesSent: number;
  bytesReceived: number;
  /** Data channel messages, of all channels. */
  messagesSent: number;
  messagesReceived: number;
  pair: CandidatePair | null;
}

/** How to come back after a lost connection. */
export interface ReconnectOptions {
  /** Tries before giving up. Default: no end. A connection that held for 10 s starts the count anew. */
  retries?: number;
  /** Milliseconds before the first try; doubled each time, and shortened by up to half at random. Default: 500. */
  minDelay?: number;
  /** The longest wait in milliseconds. Default: 15000. */
  maxDelay?: number;
}

/** `websocket`: through the signaling connection, where UDP is blocked. */
export type Transport = 'webrtc' | 'websocket';

export interface JoinOptions {
  /** How others see this member, at most 64 bytes of UTF-8. */
  name?: string;
  /** The access token, where the server asks for one. */
  token?: string;
  /** What this member says about itself to everybody in the room: JSON of at most 4 KiB. */
  attributes?: Record<string, unknown>;
  /**
   * A message, at most 16 KiB, that the relay publishes for this member when it vanishes: when its connection fails, or
   * the relay ends it; not when it leaves by itself.
   */
  will?: { topic: string; data: string | ArrayBuffer | ArrayBufferView };
  /** Whether topics that only others have opened come as `channel` events. Default: true. */
  mirror?: boolean;
  /** STUN and TURN servers instead of those that the server names. */
  iceServers?: RTCIceServer[];
  /** Ends the attempt to join, and the membership after it. */
  signal?: AbortSignal;
  /** false: a lost connection ends in `failed`. */
  reconnect?: ReconnectOptions | false;
  /** Milliseconds from the start to connected. Default: 30000. */
  connectTimeout?: number;
  /**
   * After a lost connection come back as the same member, with the same id: ordered and reliable channels stay open, what was
   * sent and has not arrived is sent again, what was missed is replayed, and nothing comes twice. Messages of channels
   * without a `protocol` are then addressed: they say who sent them, and can be for one member; members that do without get
   * them plain. false: come back as another member. Default: true, but for the room `echo`. With `reconnect: false` nobody
   * comes back, and messages are addressed. A server that does not know it is joined anew.
   */
  resume?: boolean;
  /** Where WebRTC does not connect, the WebSocket carries the channels, all of them reliable and in order. false: never. Default: true. */
  tunnel?: boolean;
  /** Milliseconds from having joined until then. Default: 2500. */
  tunnelAfter?: number;
  /** Milliseconds until WebRTC is tried again, doubled each time, and anew when the network changes. Default: 5000. */
  returnAfter?: number;
  /** Leave when the page goes away, so that others see it at once. Default: true. */
  leaveOnPageHide?: boolean;
  /** For Node: the constructors that a browser has built in. */
  WebSocket?: unknown;
  RTCPeerConnection?: unknown;
}

export interface RoomEvents {
  /** `reason` is a sentence for people. */
  state: Fired<{ state: RoomState; reason: string; error: WherryError | null }>;
  /** The server has taken us in, possibly with a new id; the connection is still to be made. */
  joined: Fired<{ id: string }>;
  /** After a loss: we are still the same member (option `resume`). */
  resumed: Fired<{}>;
  /** After a loss: it was too late to come back, and we are another member. Messages of these topics may be missing. */
  gap: Fired<{ topics: string[] }>;
  /** A channel that the relay opened because another member has this topic. */
  channel: Fired<{ channel: WherryChannel }>;
  /** `room.members` has changed in any way. */
  members: Fired<{ members: ReadonlyMap<string, Member> }>;
  'member-joined': Fired<{ member: Member }>;
  'member-left': Fired<{ member: Member; reason?: LeftCode | 'left' | (string & {}) }>;
  /** `member.attributes` are others now. */
  'member-changed': Fired<{ member: Member }>;
  /** Our own attributes were changed, by `setAttributes()` or by the server. */
  attributes: Fired<{ attributes: Readonly<Record<string, any>> }>;
  'member-away': Fired<{ member: Member }>;
  'member-back': Fired<{ member: Member }>;
  /** From `room.signal()` of a member; the server vouches for `from`. */
  signal: Fired<{ from: string; data: any }>;
  /** From `room.msg()` of a member, this one too; the server vouches for `from`. */
  msg: Fired<{ from: string; data: any }>;
  /** Messages travel another way from now on; null: none. Channels stay open, and no message is lost by it. */
  transport: Fired<{ transport: Transport | null }>;
  /** Something was refused or not delivered, a message too large for a receiver for example. The connection stays. */
  notice: Fired<{ error: WherryError; notice: any }>;
}

/** A member's view of a room. */
export interface WherryRoom extends TypedTarget<RoomEvents> {
  /** The room's name. */
  readonly name: string;
  /** Our own id, null before the first join; a new one after each reconnection unless it was resumed. */
  readonly id: string | null;
  readonly state: RoomState;
  /** The state as a sentence for people. */
  readonly reason: string;
  /** Why the state is `failed`. */
  readonly error: WherryError | null;
  /** The other members, live. */
  readonly members: ReadonlyMap<string, Member>;
  /** All channels that are not closed, mirrored ones too. */
  readonly channels: WherryChannel[];
  /** What this member says about itself: as it was set last, here or by the server. */
  readonly attributes: Readonly<Record<string, any>>;
  /** What the server can do, by name. */
  readonly features: string[];
  /** The largest message that can be sent now, in bytes. A receiver may take less: `notice` tells. */
  readonly maxMessageSize: number;
  /** How messages travel just now; null while not connected. */
  readonly transport: Transport | null;
  /** Whether `signal()`, `msg()` and `ping()` work; the data connection can outlive the signaling connection. */
  readonly signalingOpen: boolean;
  /** Joins; for a room made by `Wherry.room()` or one that was left. */
  join(): Promise<this>;
  /**
   * Opens a channel: now, or as soon as the room is connected, and again after each reconnection.
   * @throws {TypeError} bad options
   * @throws {WherryError} `forbidden`: labels beginning with `wherry:` are the relay's own
   */
  channel(label: string, options?: ChannelOptions): WherryChannel;
  /** Sends any JSON (64 KiB) to one member over the signaling connection; no answer means delivered. */
  signal(to: string | Member, data: unknown): void;
  /** Sends an object (64 KiB) to every member, this one too, over the signaling connection. */
  msg(object: Record<string, unknown>): void;
  /**
   * Says something about this member to everybody in the room, now and whenever it joins: JSON of at most 4 KiB, in
   * place of what it said before. Resolves when everybody was told.
   * @throws {TypeError} no object
   * @throws {WherryError} why it was refused: `too-large`, `rate-limited`, `room-full`, `forbidden`, `not-connected`
   */
  setAttributes(attributes: Record<string, unknown>): Promise<void>;
  /**
   * Milliseconds to the server and back over the signaling connection. One that does not answer is given up, and who joined
   * with `resume` comes back.
   * @throws {WherryError} `timeout` where nothing came for ten seconds (three while the connection wavers)
   */
  ping(): Promise<number>;
  /** null while there is no connection. */
  stats(): Promise<Stats | null>;
  /** Leaves after what was sent (at most about four seconds). Channels are closed for good; join() may be called again. */
  leave(): Promise<void>;
}
export const WherryRoom: {
  new (url: string | URL, name: string, options?: JoinOptions): WherryRoom;
  prototype: WherryRoom;
};

export const Wherry: {
  /**
   * Joins a room; resolves when messages can pass.
   * @param url the server's page or its `/connect`, http(s) or ws(s)
   * @param name 1 to 128 bytes of UTF-8 without control characters or `/`
   * @throws {WherryError} why it cannot
   */
  join(url: string | URL, name: string, options?: JoinOptions): Promise<WherryRoom>;
  /** A room that is not joined yet, for those who want to hear every state. */
  room(url: string | URL, name: string, options?: JoinOptions): WherryRoom;
};
