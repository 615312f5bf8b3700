/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What RTCPeerConnection.getStats() knows, in the words of wherry.js. Part of wherry.js. */

/* The two browsers name the selected pair differently: the transport says it, or the pair itself. */
const selectedPair = (reports) => {
  const transport = reports.find((report) => report.type === 'transport' && report.selectedCandidatePairId);
  const pairs = reports.filter((report) => report.type === 'candidate-pair');
  return pairs.find((pair) => pair.id === transport?.selectedCandidatePairId)
    ?? pairs.find((pair) => pair.selected)
    ?? pairs.find((pair) => pair.nominated && pair.state === 'succeeded')
    ?? null;
};

const sum = (reports, field) => reports.reduce((total, report) => total + (report[field] ?? 0), 0);

/* Addresses stay out of it: a page that shows them would tell one member's network to all. */
const pairOf = (reports, pair) => {
  const local = reports.find((report) => report.id === pair.localCandidateId);
  const remote = reports.find((report) => report.id === pair.remoteCandidateId);
  return {
    local: local?.candidateType ?? 'unknown',
    remote: remote?.candidateType ?? 'unknown',
    protocol: (local?.protocol ?? 'udp').toLowerCase(),
    relayed: local?.candidateType === 'relay' || remote?.candidateType === 'relay',
  };
};

export const readStats = async (pc) => {
  const reports = [...(await pc.getStats()).values()];
  const pair = selectedPair(reports);
  const channels = reports.filter((report) => report.type === 'data-channel');
  const rtt = pair?.currentRoundTripTime;
  return {
    state: pc.connectionState,
    roundTripTime: typeof rtt === 'number' ? rtt * 1000 : null,
    bytesSent: pair?.bytesSent ?? 0,
    bytesReceived: pair?.bytesReceived ?? 0,
    messagesSent: sum(channels, 'messagesSent'),
    messagesReceived: sum(channels, 'messagesReceived'),
    pair: pair ? pairOf(reports, pair) : null,
  };
};
