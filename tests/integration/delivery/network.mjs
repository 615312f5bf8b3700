/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines (network namespaces) and wires between them that are slow, lose packets and are cut. `tc netem` makes a wire so
 * where the kernel has it, and slow-wire.c where not.
 */

import { execFileSync, spawn } from 'node:child_process';
import readline from 'node:readline';

const DELAY_MS = 20; /* each way */

const run = (command, input) => execFileSync(command[0], command.slice(1), { input, stdio: ['pipe', 'pipe', 'pipe'] });

/* A program that says so when it is ready, and ends with its standard input. */
const started = (command) => new Promise((resolve, reject) => {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`${command.join(' ')} ended: ${code}`)));
  readline.createInterface({ input: child.stdout }).once('line', () => {
    for (const it of [child, child.stdin, child.stdout]) /* it ends with us, and does not keep us */
      it.unref();
    resolve(child);
  });
});

export class Machine {
  #holder = null;

  /** The one that this process is on. */
  static here() { return new Machine(); }

  static async start() {
    const self = new Machine();
    self.#holder = await started(['unshare', '-n', 'sh', '-c', 'echo ready; exec cat']);
    return self;
  }

  get pid() { return this.#holder?.pid ?? process.pid; }

  /** The command as it runs on this machine. */
  on(...command) {
    return this.#holder ? ['nsenter', '-t', String(this.pid), '-n', ...command] : command;
  }

  ip(words) { run(this.on('ip', ...words.split(' '))); }
  nft(text) { run(this.on('nft', '-f', '-'), text); }
  tc(words) { run(this.on('tc', ...words.split(' '))); }

  end() { this.#holder?.stdin.end(); }
}

const hasNetem = (machine, name) => {
  try {
    machine.tc(`qdisc add dev ${name} root netem delay 1ms`);
    machine.tc(`qdisc del dev ${name} root`);
    return true;
  } catch {
    return false;
  }
};

/** From a members' machine (interface `near`) to the server's (`far`), in the network 10.78.`net`.0/24. */
export class Wire {
  #child = null;
  #address = 2;

  constructor(members, server, { net, loss, seed, program }) {
    Object.assign(this, { members, server, net, loss, seed, program, near: 'wherry0', far: `wherry${net}`, serverAddress: `10.78.${net}.1` });
  }

  async start() {
    this.members.ip(`link add ${this.near} type veth peer name ${this.far} netns ${this.server.pid}`);
    this.kind = hasNetem(this.members, this.near) ? 'netem' : 'slow-wire';
    if (this.kind === 'slow-wire') {
      this.members.ip(`link del ${this.near}`);
      this.#child = await started(this.members.on(this.program, String(this.server.pid), this.near, this.far, String(this.seed), String(DELAY_MS), String(this.loss)));
    }
    this.server.ip(`addr add ${this.serverAddress}/24 dev ${this.far}`);
    this.server.ip(`link set ${this.far} up`);
    this.members.ip('link set lo up');
    this.#address -= 1;
    this.#newAddress();
    this.#up();
    this.#lose(this.loss);
  }

  #newAddress() {
    this.members.ip(`addr flush dev ${this.near}`);
    this.#address += 1;
    this.members.ip(`addr add 10.78.${this.net}.${this.#address}/24 dev ${this.near}`);
  }

  #up() {
    this.members.ip(`link set ${this.near} up`);
    this.members.ip(`route replace default via ${this.serverAddress} dev ${this.near}`);
  }

  #lose(part) {
    if (this.#child) {
      this.#child.stdin.write(`loss ${part}\n`);
      return;
    }
    for (const [machine, name] of [[this.members, this.near], [this.server, this.far]])
      machine.tc(`qdisc replace dev ${name} root netem delay ${DELAY_MS}ms loss ${part * 100}% limit 10000`);
  }

  cut(kind, port) {
    if (kind === 'down')
      this.members.ip(`link set ${this.near} down`);
    else
      this.#lose(1);
    if (kind === 'reset') /* of UDP nobody hears anything, TCP connections break when somebody speaks */
      this.members.nft(`table inet wherry { chain out { type filter hook output priority 0; tcp dport ${port} reject with tcp reset; }; }\n`);
  }

  mend(kind) {
    if (kind === 'reset')
      this.members.nft('delete table inet wherry\n');
    if (kind === 'move') {
      this.#newAddress();
      this.#up();
    }
    if (kind === 'down')
      this.#up();
    else
      this.#lose(this.loss);
  }

  end() { this.#child?.stdin.end(); }
}
