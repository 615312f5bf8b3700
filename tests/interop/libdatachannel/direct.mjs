/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A participant on libdatachannel, as ../participant.md describes it: direct.mjs [MAX-MESSAGE-SIZE]. */

import { randomBytes } from 'node:crypto';

import { PeerConnection, getLibraryVersion } from 'node-datachannel';

import { announce, heard, say, serve } from '../lines.mjs';

const wrap = (name, channel) => {
  channel.onOpen(() => say({ event: 'open', channel: name, id: channel.getId() }));
  channel.onClosed(() => say({ event: 'closed', channel: name }));
  channel.onMessage((message) => heard(name, message));
  return {
    send: (data) => {
      const sent = typeof data === 'string' ? channel.sendMessage(data) : channel.sendMessageBinary(data);
      void sent; /* false: it waits in the library's own buffer */
    },
    close: () => channel.close(),
  };
};

class Stack {
  #connection = new PeerConnection('participant', {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
    ...(process.argv[2] && { maxMessageSize: Number(process.argv[2]) }),
  });

  constructor() {
    const connection = this.#connection;
    connection.onLocalDescription((sdp, type) => say({ type, sdp }));
    connection.onLocalCandidate((candidate, mid) => say({
      type: 'candidate', candidate: candidate.replace(/^a=/, ''), sdpMid: mid, sdpMLineIndex: 0,
    }));
    connection.onGatheringStateChange((state) => {
      if (state === 'complete')
        say({ type: 'candidate', candidate: '', sdpMid: null, sdpMLineIndex: null });
    });
    connection.onStateChange((state) => say({ event: 'state', state }));
    connection.onDataChannel((channel) => announce(
      { label: channel.getLabel(), id: channel.getId(), protocol: channel.getProtocol() },
      (name) => wrap(name, channel)));
  }

  create(name, { label, ordered = true, maxRetransmits, maxPacketLifeTime, protocol = '', negotiated = false, id }) {
    const options = { unordered: !ordered, protocol, negotiated };
    if (maxRetransmits !== undefined)
      options.maxRetransmits = maxRetransmits;
    if (maxPacketLifeTime !== undefined)
      options.maxPacketLifeTime = maxPacketLifeTime;
    if (id !== undefined)
      options.id = id;
    return wrap(name, this.#connection.createDataChannel(label, options));
  }

  offer(restart) {
    const [iceUfrag, icePwd] = [6, 18].map((length) => randomBytes(length).toString('base64'));
    this.#connection.setLocalDescription('offer', restart ? { iceUfrag, icePwd } : undefined);
  }

  accept({ type, sdp }) {
    this.#connection.setRemoteDescription(sdp, type);
    if (type === 'offer')
      this.#connection.setLocalDescription('answer');
  }

  candidate({ candidate, sdpMid }) {
    if (candidate)
      this.#connection.addRemoteCandidate(candidate, sdpMid ?? '0');
  }

  close() {
    this.#connection.close();
  }
}

await serve('libdatachannel', getLibraryVersion(), new Stack());
