# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs of a case until there are as many good ones as are wanted: void ones are said and run again,
and so are those beside which the machine did much else; both within bounds."""

from cases import Void


class Record:
    """The runs of one case by one daemon."""

    def __init__(self, case, setup, options):
        self.case, self.setup, self.options = case, setup, options
        self.runs, self.voids, self.repeated = [], 0, 0

    def as_json(self):
        return {"runs": self.runs, "voids": self.voids, "repeated": self.repeated}

    def attempt(self):
        while True:
            try:
                run = self.case.run(self.setup)
                if self.case.below is not None and self.options.floor:
                    run["floor_cpu_us"] = self.case.below(self.setup)
                    run["floor_ratio"] = run["cpu_us_per_delivered"] / run["floor_cpu_us"]
                return run
            except Void as why:
                self.voids += 1
                print(f"{self.case.name}: void: {why}", flush=True)
                if self.voids > self.options.repeat:
                    raise SystemExit(f"bench: {self.case.name}: {self.voids} void runs")

    def add(self):
        """One good run more; the quietest of some tries if none is quiet."""
        tries = []
        for _ in range(self.options.tries):
            tries.append(self.attempt())
            others = tries[-1]["others_cpu_percent"]
            if others <= self.options.others:
                break
            print(f"{self.case.name}: others used {others:.0f} % of a core meanwhile", flush=True)
        self.repeated += len(tries) - 1
        run = min(tries, key=lambda each: each["others_cpu_percent"])
        run["noisy"] = run["others_cpu_percent"] > self.options.others
        self.runs.append(run)
