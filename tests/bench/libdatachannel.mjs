// SPDX-License-Identifier: LGPL-2.1-or-later
// What bench-connections measures, done by libdatachannel (npm: node-datachannel, its own ICE, and
// OpenSSL): two connections in one process, CPU of the process. Its figures include the JavaScript
// around each message, so they say little for small messages and are fair for large ones.
//
//   node tests/bench/libdatachannel.mjs [--quick]
import nodeDataChannel from 'node-datachannel';

const quick = process.argv.includes('--quick');
const runs = quick ? 1 : 5;
const windowMs = quick ? 100 : 2000;
const roundTrips = quick ? 100 : 3000;
const pairs = quick ? 3 : 40;
const high = 1024 * 1024;
const low = 256 * 1024;

const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

// A candidate may be told before the description that it belongs to.
function carry(from, to) {
  const early = [];
  let described = false;
  from.onLocalDescription((sdp, type) => {
    to.setRemoteDescription(sdp, type);
    described = true;
    early.forEach((candidate) => to.addRemoteCandidate(...candidate));
  });
  from.onLocalCandidate((...candidate) => {
    if (described)
      to.addRemoteCandidate(...candidate);
    else
      early.push(candidate);
  });
}

async function connect() {
  const options = { iceServers: [], bindAddress: '127.0.0.1' };
  const a = new nodeDataChannel.PeerConnection('a', options);
  const b = new nodeDataChannel.PeerConnection('b', options);
  carry(a, b);
  carry(b, a);
  const far = new Promise((resolve) => b.onDataChannel(resolve));
  const near = a.createDataChannel('bench');
  await new Promise((resolve) => near.onOpen(resolve));
  return { a, b, near, far: await far };
}

function disconnect({ a, b, near, far }) {
  near.close();
  far.close();
  a.close();
  b.close();
}

async function flood(size) {
  const link = await connect();
  const payload = Buffer.alloc(size);
  let sent = 0;
  let received = 0;
  let over = () => {};
  const begin = performance.now();
  const beginCpu = cpuUs();
  const end = begin + windowMs;
  const check = () => performance.now() >= end && received === sent && over();
  const fill = () => {
    while (performance.now() < end && link.near.bufferedAmount() < high) {
      link.near.sendMessageBinary(payload);
      sent++;
    }
    check();
  };
  link.far.onMessage(() => {
    received++;
    check();
  });
  link.near.setBufferedAmountLowThreshold(low);
  link.near.onBufferedAmountLow(fill);
  await new Promise((resolve) => {
    over = resolve;
    fill();
  });
  const cpu = cpuUs() - beginCpu;
  const rate = (received * 1000) / (performance.now() - begin);
  disconnect(link);
  return { cost: cpu / received, rate };
}

async function pingPong() {
  const link = await connect();
  const payload = Buffer.alloc(64);
  const took = [];
  link.far.onMessage((message) => link.far.sendMessageBinary(message));
  await new Promise((resolve) => {
    let begin = performance.now();
    link.near.onMessage(() => {
      took.push((performance.now() - begin) * 1000);
      if (took.length === roundTrips) {
        resolve();
        return;
      }
      begin = performance.now();
      link.near.sendMessageBinary(payload);
    });
    link.near.sendMessageBinary(payload);
  });
  disconnect(link);
  took.sort((a, b) => a - b);
  return { median: took[roundTrips >> 1], p99: took[Math.floor(roundTrips * 0.99)] };
}

async function idle() {
  disconnect(await connect());
  const before = process.memoryUsage().rss;
  const cpu = cpuUs();
  const links = [];
  for (let i = 0; i < pairs; i++)
    links.push(await connect());
  const ms = (cpuUs() - cpu) / 1000 / pairs;
  const kib = (process.memoryUsage().rss - before) / 1024 / pairs;
  links.forEach(disconnect);
  return { ms, kib };
}

async function repeat(measure) {
  const results = [];
  for (let i = 0; i < runs; i++)
    results.push(await measure());
  return (key) => median(results.map((result) => result[key]));
}

const pair = await idle();
console.log(`a pair: ${pair.kib.toFixed(0)} KiB, set-up ${pair.ms.toFixed(1)} ms CPU`);
for (const size of [64, 1024, 16384, 262144]) {
  const of = await repeat(() => flood(size));
  console.log(
    `${String(size).padStart(6)} B one way: ${of('rate').toFixed(0).padStart(9)} messages/s, ` +
      `${of('cost').toFixed(2).padStart(7)} us CPU each, ` +
      `${((of('cost') * 1000) / size).toFixed(1).padStart(5)} s CPU/GB`,
  );
}
const of = await repeat(pingPong);
console.log(
  `    64 B round trip: median ${of('median').toFixed(0)} us, p99 ${of('p99').toFixed(0)} us`,
);
process.exit(0);
