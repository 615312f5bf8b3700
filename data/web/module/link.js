/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to the relay: a WebSocket, a peer connection, and what ends them. Part of wherry.js. */

import { LEFT_WORDS, WherryError, parseMessage } from './events.js';
import { IMPATIENT_MS, PATIENT_MS, Pings } from './pings.js';
import { Requests } from './requests.js';
import { Retry } from './retry.js';
import { Tunnel } from './tunnel.js';

const PROTOCOL = 'wherry.1';
const NOTICES = 'wherry:notices';
const CONNECT_TIMEOUT_MS = 30_000; /* the server's own limit from join to connected */
const SIGNAL_BYTES = 64 * 1024; /* the server takes no longer frame */
/* To reach the server, for who comes back: a TCP connection that is begun before the network changes is never made, and one that
 * was made just then is dead, and nobody is told. Twice as long to be connected then, and for the next try. */
const REACH_MS = 5_000;
const LEFT_TIMEOUT_MS = 2_000; /* for the server's last word */
const TUNNEL_AFTER_MS = 2_500; /* without a connection: then the WebSocket carries the channels */
const RETURN_AFTER_MS = 5_000; /* to WebRTC, is tried; then after twice as long, and so on */
const ATTEMPT_MS = 15_000;

/*
 * `owner` is told what happens: phase(name), joined(message), prepare(maker) when its channels can be made, perhaps a second
 * time before connected(); transport('webrtc' or 'websocket'), channel(dc), message(object), connected(), wavering(bool),
 * lost(error): nothing passes any more and the server may say why, ended(error) once and last; then keeps(pc): whether the
 * owner sees to its end. refused() answers with another join.
 */
export class Link {
  #options;
  #owner;
  #ws = null;
  #pc = null;
  #notices = null;
  #timer = null;
  #joined = false;
  #offered = false;
  #described = false;
  #restartDue = false;
  #connected = false;
  #comesBack = false;
  #lost = null;
  #ended = false;
  #ownCandidates = [];
  #candidates = [];
  #left = null;
  #joinedMessage = null;
  #tunnel = null;
  #tunnelAsked = false;
  #fallback = null; /* timer */
  #return = null; /* of a tunnel: to WebRTC */
  #pings = new Pings((message) => this.send(message), () => this.#onDeaf());
  #requests = new Requests((message) => this.send(message));

  constructor(options, owner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** The RTCPeerConnection that carries the channels; null where none does. */
  get pc() { return this.tunneled ? null : this.#pc; }
  get tunneled() { return this.#tunnel !== null && !this.#tunnel.left; }
  /** What makes channels now; null before there is one. */
  get maker() { return this.#tunnel ?? this.#pc; }
  get maxMessageSize() {
    return this.tunneled ? this.#tunnel.maxMessageSize : this.#pc?.sctp?.maxMessageSize || Infinity;
  }
  get socketOpen() { return this.#ws?.readyState === 1; }

  /** `tries`: how often it was tried before since the last time that it was connected; 0: never. */
  start(url, join, tries = 0) {
    const limit = this.#options.connectTimeout ?? CONNECT_TIMEOUT_MS;
    this.#comesBack = tries > 0;
    const reach = this.#comesBack ? Math.min(limit, REACH_MS * 2 ** Math.min(tries - 1, 3)) : limit;
    this.#timer = setTimeout(() => this.#timedOut(), reach);
    this.#owner.phase('signaling');
    try {
      this.#ws = new this.#options.WebSocket(url, PROTOCOL);
    } catch (cause) {
      this.#end(new WherryError('unsupported', `The address ${url} cannot be used: ${cause.message}`, { cause }));
      return;
    }
    this.#ws.binaryType = 'arraybuffer';
    this.#ws.addEventListener('open', () => this.#onSocketOpen(join, Math.min(limit, 2 * reach)));
    this.#ws.addEventListener('message', (event) => this.#onFrame(event.data));
    this.#ws.addEventListener('close', (event) => this.#onSocketClose(event));
    this.#ws.addEventListener('error', () => {}); /* a close event with less to say always follows */
  }

  #onSocketOpen(join, limit) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#timedOut(), limit);
    this.send({ type: 'join', ...join });
  }

  /** Sends one signaling message; throws where the socket is gone. */
  send(message) {
    if (!this.socketOpen)
      throw new WherryError('not-connected', 'the signaling connection is closed');
    const text = JSON.stringify(message);
    if (new TextEncoder().encode(text).byteLength > SIGNAL_BYTES)
      throw new RangeError(`a signaling message has at most ${SIGNAL_BYTES} bytes`);
    this.#ws.send(text);
  }

  ping() { return this.#pings.ping(); }

  /** Sends a request and resolves when it is answered; rejects with the server's error. */
  ask(message) { return this.#requests.ask(message); }

  /** Says goodbye and resolves when the server has heard it, at the latest after two seconds. */
  async leave() {
    if (this.socketOpen && !this.#ended && this.#joined) {
      const answered = new Promise((resolve) => { this.#left = resolve; });
      const timer = setTimeout(() => this.#left(), LEFT_TIMEOUT_MS);
      this.send({ type: 'leave' });
      await answered;
      clearTimeout(timer);
    }
    this.stop(new WherryError('closed', 'This member left the room.'));
  }

  stop(error) { this.#end(error); }

  #onFrame(text) {
    if (this.#ended)
      return;
    this.#pings.heard();
    if (text instanceof ArrayBuffer) {
      this.#tunnel?.receive(text);
      return;
    }
    const message = parseMessage(text);
    if (message === null)
      this.#end(new WherryError('internal', 'The server sent something that is not a signaling message.'));
    else
      this.#onMessage(message);
  }

  #onMessage(message) {
    switch (message.type) {
      case 'joined':
        this.#onJoined(message);
        break;
      case 'answer':
        this.#onAnswer(message);
        break;
      case 'candidate':
        this.#onCandidate(message);
        break;
      case 'restart':
        this.#restart();
        break;
      case 'tunnel':
        this.#onTunnel();
        break;
      case 'left':
        this.#onLeft(message);
        break;
      case 'error':
        this.#onError(message);
        break;
      case 'pong':
        this.#pings.answered(message.tid);
        break;
      default:
        if (this.#lost === null)
          this.#owner.message(message);
        this.#requests.answer(message.tid);
    }
  }

  #onJoined(message) {
    if (this.#joined)
      return;
    this.#joined = true;
    this.#joinedMessage = message;
    this.#owner.joined(message);
    this.#owner.phase('connecting');
    if (this.#mayTunnel)
      this.#fallback = setTimeout(() => this.#askTunnel(), this.#options.tunnelAfter ?? TUNNEL_AFTER_MS);
    this.#connect().catch((cause) => {
      this.#end(new WherryError('unsupported', `This browser could not make an offer: ${cause.message}`, { cause }));
    });
  }

  #makePeer() {
    const iceServers = this.#options.iceServers ?? this.#joinedMessage.iceServers ?? [];
    const pc = new this.#options.RTCPeerConnection({ iceServers });
    const mine = (handler) => (event) => { if (this.#pc === pc) handler(event); };
    this.#pc = pc;
    this.#described = false;
    this.#restartDue = false;
    this.#ownCandidates = [];
    this.#candidates = [];
    pc.addEventListener('icecandidate', mine((event) => this.#onOwnCandidate(event.candidate)));
    pc.addEventListener('connectionstatechange', mine(() => this.#onPcState()));
    pc.addEventListener('iceconnectionstatechange', mine(() => this.#onPcState()));
    pc.addEventListener('datachannel', mine((event) => this.#owner.channel(event.channel)));
    return pc;
  }

  /* It is there for the relay's notices and so that the offer always has a data section. */
  #makeNotices(maker) {
    const notices = maker.createDataChannel(NOTICES);
    const mine = (handler) => (event) => { if (this.#notices === notices) handler(event); };
    this.#notices = notices;
    notices.addEventListener('open', mine(() => this.#onUp()));
    notices.addEventListener('message', mine((event) => this.#onNotice(event.data)));
    notices.addEventListener('close', mine(() => this.#onPcState()));
  }

  async #connect() {
    const pc = this.#makePeer();
    this.#makeNotices(pc);
    this.#owner.prepare(pc);
    await this.#offer({});
  }

  /* ---- UDP is blocked ---- */

  get #mayTunnel() { return this.#options.tunnel !== false && (this.#joinedMessage?.features ?? []).includes('tunnel'); }

  #askTunnel() {
    clearTimeout(this.#fallback);
    if (this.#connected || !this.#mayTunnel || !this.socketOpen)
      return false;
    if (!this.#tunnelAsked)
      this.send({ type: 'tunnel' });
    this.#tunnelAsked = true;
    return true;
  }

  #onTunnel() {
    const pc = this.#pc;
    if (this.#connected || this.#tunnel || !this.#tunnelAsked)
      return; /* WebRTC was faster after all */
    this.#pc = null;
    this.#tunnel = new Tunnel(this.#joinedMessage.maxMessageSize || 262144, {
      send: (bytes) => { if (this.socketOpen) this.#ws.send(bytes); },
      channel: (channel) => this.#owner.channel(channel),
      failed: (reason) => this.#lose(new WherryError('failed', `The connection to the relay broke: ${reason}.`)),
      left: () => this.#onReturned(),
    });
    this.#makeNotices(this.#tunnel);
    this.#owner.prepare(this.#tunnel);
    pc?.close();
  }

  /* A connection with the same channels under the same numbers; they go over to it once it is up. */
  #tryReturn() {
    if (this.#ended || !this.tunneled || this.#pc !== null || !this.socketOpen)
      return;
    const pc = this.#makePeer();
    const { id } = this.#notices;
    const notices = pc.createDataChannel(NOTICES, { negotiated: true, id });
    notices.addEventListener('open', () => {
      if (this.#pc !== pc)
        return;
      this.#return.pause();
      this.#tunnel.leave(pc, notices);
    });
    this.#return.within(ATTEMPT_MS, () => this.#giveUpReturn());
    this.#offer({}).catch(() => this.#giveUpReturn());
  }

  #giveUpReturn() {
    if (!this.tunneled || this.#ended)
      return;
    this.#pc?.close();
    this.#pc = null;
    this.#return?.later();
  }

  #onReturned() {
    this.#return.stop();
    this.#owner.transport('webrtc');
    this.#onPcState();
  }

  async #offer(options) {
    const pc = this.#pc;
    this.#offered = false;
    await pc.setLocalDescription(await pc.createOffer(options));
    if (this.#ended)
      return;
    this.send({ type: 'offer', sdp: pc.localDescription.sdp });
    this.#offered = true;
    for (const candidate of this.#ownCandidates.splice(0))
      this.#onOwnCandidate(candidate);
  }

  /* The relay's machine has other addresses now, and is found there after an offer that restarts ICE. */
  #restart() {
    if (this.#ended || this.#pc === null)
      return;
    this.#restartDue = !this.#described;
    if (this.#restartDue)
      return; /* not before the answer that is on its way */
    this.#described = false;
    this.#offer({ iceRestart: true }).catch(() => {}); /* ICE fails by itself where it must */
  }

  /* A candidate must not overtake the offer that it belongs to. */
  #onOwnCandidate(candidate) {
    if (!this.#offered) {
      this.#ownCandidates.push(candidate);
      return;
    }
    if (this.#ended || !this.socketOpen)
      return;
    this.send({ type: 'candidate', ...(candidate?.toJSON() ?? { candidate: '' }) });
  }

  async #onAnswer(message) {
    const pc = this.#pc;
    if (pc === null)
      return; /* to one that was given up */
    try {
      await pc.setRemoteDescription({ type: 'answer', sdp: message.sdp });
    } catch (cause) {
      if (this.tunneled || this.#pc !== pc) {
        this.#giveUpReturn();
        return;
      }
      this.#end(new WherryError('bad-sdp', `The server's answer was not understood: ${cause.message}`, { cause }));
      return;
    }
    if (this.#pc !== pc)
      return;
    this.#described = true;
    for (const candidate of this.#candidates.splice(0))
      this.#addCandidate(candidate);
    if (this.#restartDue)
      this.#restart();
  }

  /* The server trickles behind its answer, but setRemoteDescription() takes a while. */
  #onCandidate(message) {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = message;
    if (!candidate)
      return; /* the end of candidates changes nothing for a client whose server answers checks */
    const init = { candidate, sdpMid: sdpMid ?? null, sdpMLineIndex: sdpMLineIndex ?? 0 };
    if (usernameFragment)
      init.usernameFragment = usernameFragment;
    if (this.#described)
      this.#addCandidate(init);
    else
      this.#candidates.push(init);
  }

  #addCandidate(init) {
    /* A candidate that this browser cannot use is no failure: others may work. */
    this.#pc?.addIceCandidate(init).catch((error) => this.#owner.message({
      type: 'error', code: 'bad-candidate', message: `A candidate of the server was not used: ${error.message}`,
    }));
  }

  #onUp() {
    if (this.#ended || this.#lost || this.#connected)
      return;
    this.#connected = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#fallback);
    this.#owner.transport(this.tunneled ? 'websocket' : 'webrtc');
    this.#owner.connected();
    if (!this.tunneled)
      return;
    this.#return = new Retry(this.#options.returnAfter ?? RETURN_AFTER_MS, () => this.#tryReturn());
    this.#return.later();
  }

  #onNotice(text) {
    const message = parseMessage(text);
    if (message !== null && !this.#ended)
      this.#onMessage(message);
  }

  #onPcState() {
    if (this.#ended || this.#lost || this.#pc === null)
      return;
    const state = this.#pc.connectionState;
    if (this.tunneled) {
      if (state === 'failed' || state === 'closed')
        this.#giveUpReturn();
      return;
    }
    if (state === 'failed' && !this.#connected && this.#askTunnel())
      return;
    if (state === 'failed' || state === 'closed' || this.#pc.sctp?.state === 'closed') {
      this.#lose(this.#connected
        ? new WherryError('failed', LEFT_WORDS.failed)
        : new WherryError('failed', 'No data could pass between this browser and the relay. A firewall may block UDP.'));
      return;
    }
    if (!this.#connected)
      return;
    if (state === 'disconnected' && !this.socketOpen)
      this.#lose(new WherryError('failed', LEFT_WORDS.failed));
    else
      this.#waver(state === 'disconnected');
  }

  #waver(yes) {
    this.#owner.wavering(yes);
    this.#pings.watch(yes, this.#joinedMessage.resume ? IMPATIENT_MS : PATIENT_MS);
  }

  /* Without its socket it hears of nobody, and nobody can ask for a restart of ICE. */
  #onDeaf() {
    if (!this.#connected && this.#comesBack && this.#ws?.readyState === 0)
      this.#timedOut(); /* the network has changed, and another try has more hope */
    else if (this.#connected && (this.#joinedMessage.resume || (!this.tunneled && this.#pc.connectionState !== 'connected')))
      this.#end(new WherryError('failed', LEFT_WORDS.failed));
  }

  /* The relay that ends a membership ends the connection too, and that may be heard before the frame that says why: who
   * was sent away must not come back. */
  #lose(error) {
    if (!this.socketOpen) {
      this.#end(error);
      return;
    }
    this.#lost = error;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(error), LEFT_TIMEOUT_MS);
    this.#owner.lost(error);
  }

  #onSocketClose(event) {
    this.#left?.();
    const why = event.reason ? ` (${event.reason})` : '';
    if (this.#ended)
      return;
    if (this.#lost)
      this.#end(this.#lost);
    else if (this.#tunnel?.needed && this.#connected)
      this.#end(new WherryError('failed', LEFT_WORDS.failed));
    else if (!this.#joined)
      this.#end(new WherryError('unreachable', `The server did not answer at this address${why}.`));
    else if (!this.#connected)
      this.#end(new WherryError('closed', `The server closed the connection before it was made${why}.`));
    else
      this.#onPcState(); /* the peer connection lives on without its socket */
  }

  #onLeft(message) {
    if (this.#left) {
      this.#left();
      return;
    }
    const code = typeof message.reason === 'string' ? message.reason : 'failed';
    this.#end(new WherryError(code, LEFT_WORDS[code] ?? `The relay ended the membership: ${code}.`));
  }

  #onError(message) {
    const error = new WherryError(message.code, message.message ?? message.code);
    if (message.code === 'resume-refused' && !this.#joined) {
      this.send({ type: 'join', ...this.#owner.refused() });
      return;
    }
    const fatal = message.ref === 'join' || message.ref === 'offer';
    if (message.ref === 'offer' && this.tunneled) {
      this.#giveUpReturn();
      return;
    }
    if (fatal && !this.#connected)
      this.#end(error);
    else if (!this.#requests.answer(message.tid, error))
      this.#owner.message(message);
  }

  #timedOut() {
    this.#end(this.#joined
      ? new WherryError('timeout', 'The server answers, but no data could pass to the relay. A firewall may block UDP.')
      : new WherryError('timeout', 'The server did not answer in time.'));
  }

  #end(error) {
    if (this.#ended)
      return;
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#fallback);
    this.#return?.stop();
    this.#tunnel?.end();
    this.#left?.();
    this.#pings.end(error);
    this.#requests.end(error);
    this.#owner.ended(error);
    if (!this.#owner.keeps(this.#pc))
      this.#pc?.close();
    this.#ws?.close();
  }
}
