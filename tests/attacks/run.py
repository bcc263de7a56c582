#!/usr/bin/env python3
"""What other users notice of an attack: their latency before and during each, beside an untouched second server.

    cargo build --release -p nat-conformance
    python3 tests/attacks/run.py [--binary target/release/nat-conformance] [--rounds 3] [--only ABH]

Prints a table, writes all figures to `target/attacks.json`, and ends with status 1 where a promise was broken.
README.md beside this file says what is measured and how to read it. Linux only: it reads /proc.
"""

import argparse
import dataclasses
import json
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import servers
from servers import Server

HERE = pathlib.Path(__file__).parent
# Long enough for users' instances, caches and connections to be what they stay.
WARM_UP = 2.0
# After an attack has begun and before it is measured, in seconds.
LEAD = 0.5
# How long memory and files may take to come back: the longest deadline of a server (30 s), and the look every 2 to 5
# seconds at what can be given back to the system.
RETURN = 45
# What may stay, in MiB: what the allocator keeps, and the users, who stay until they have been idle for long enough.
STAYS = 16


@dataclasses.dataclass
class Attack:
    letter: str
    # Per second.
    rate: float
    config: str = servers.COMMON
    level: str = "warning"
    identity: str = "cookie: nat-session={}"
    # The load of the others on each server, per second.
    load: float = 200


ATTACKS = [
    Attack("A", 400),
    Attack("A'", 400, servers.HEADER, identity="x-auth-user: {}"),
    Attack("B", 1000),
    Attack("C", 50),
    Attack("D", 90),
    Attack("E", 300, level="debug"),
    Attack("F", 200),
    # The rate is that of the users who come, before anything is measured.
    Attack("G", 8000, servers.SWEEP, load=1000),
    Attack("H", 1000, servers.SMALL),
]


class Round:
    """One attack, once, on two fresh servers."""

    def __init__(self, attack, options, folder, number):
        self.attack, self.options = attack, options
        self.faults = []
        port = options.port + 2 * number
        ports = {"attacked": port, "control": port + 1}
        # Neither is always the first.
        names = list(ports) if number % 2 else list(ports)[::-1]
        # As long as all users take to come, and a few seconds: so all are idle for long enough at the same sweep.
        self.sweep_interval = int(options.users / attack.rate * 1.3) + 3
        pair = {name: Server(options.binary, folder, name, ports[name], attack, self.sweep_interval) for name in names}
        self.attacked, self.control = pair["attacked"], pair["control"]

    def run(self):
        try:
            return self.measure()
        finally:
            for server in (self.attacked, self.control):
                if server.process.poll() is None:
                    server.stop()

    def start(self, script, *arguments):
        command = [sys.executable, str(HERE / script), *map(str, arguments)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self):
        attack, seconds = self.attack, self.options.seconds
        for server in (self.attacked, self.control):
            server.wait_until_ready()
        load = self.start("innocent.py", attack.load, attack.identity, self.attacked.port, self.control.port)
        time.sleep(WARM_UP)
        before = self.watch(seconds)
        files_before = self.attacked.files()
        if attack.letter == "G":
            self.wait_for_a_sweep()
        amount = self.options.users if attack.letter == "G" else round(seconds) + 5
        attacker = self.start("attackers.py", attack.letter, self.attacked.port, attack.rate, amount)
        if attack.letter == "E":
            self.attacked.log_reader.send_signal(signal.SIGSTOP)
        if attacker.stdout.readline() != "ready\n":
            raise SystemExit(f"attack {attack.letter} could not begin")
        time.sleep(LEAD)
        during = self.watch_sweep() if attack.letter == "G" else self.watch(seconds)
        attacker.stdin.close()
        if attack.letter == "E":
            self.attacked.log_reader.send_signal(signal.SIGCONT)
        done = json.loads(attacker.stdout.readline())
        attacker.wait()
        self.faults += [f"{times} x {text}" for text, times in done["faults"].items()]
        after = self.wait_for_return(before["resident"], files_before)
        measured = json.loads(load.communicate()[0])
        self.stop()
        return {
            "letter": attack.letter, "sent": done["sent"], "count": done["count"], "before": before, "during": during,
            "after": after, "faults": self.faults,
            "latencies": {phase: [in_window(samples, window) for samples in measured["samples"]]
                          for phase, window in (("before", before), ("during", during))},
            "fresh": {phase: [in_window(samples, window) for samples in measured["fresh"]]
                      for phase, window in (("before", before), ("during", during))},
            "errors": measured["errors"],
        }

    def watch(self, seconds, every=0.1, is_over=lambda: False):
        """Waits, and gives the window of time, the largest memory of the attacked server, and the processor time."""
        pair = (self.attacked, self.control)
        began, used = time.monotonic(), [server.processor() for server in pair]
        resident = self.attacked.resident()
        while time.monotonic() < began + seconds and not is_over():
            time.sleep(every)
            resident = max(resident, self.attacked.resident())
        ended = time.monotonic()
        processor = [(server.processor() - before) / (ended - began) for server, before in zip(pair, used)]
        return {"from": began, "to": ended, "resident": resident, "files": self.attacked.files(),
                "processor": processor}

    def wait_for_a_sweep(self):
        """Waits until a sweep has just been, so that all users come between that one and the next."""
        since = time.monotonic() - self.attacked.started
        time.sleep(self.sweep_interval - since % self.sweep_interval + 1)

    def watch_sweep(self):
        """Waits until all users are closed, and gives the window in which the journal grew by that."""
        users, others = self.options.users, 5
        size = lambda: self.attacked.journal.stat().st_size
        before, uuid = size(), "0" * 32
        whole = (users + others) * len(f"open {uuid}\n") + users * len(f"close {uuid}\n")
        until = time.monotonic() + 3 * self.sweep_interval
        while size() == before and time.monotonic() < until:
            time.sleep(0.002)
        window = self.watch(10, every=0.002, is_over=lambda: size() >= whole)
        if size() < whole:
            self.faults.append("not all idle users were closed by one sweep")
        return window

    def wait_for_return(self, resident, files):
        """Waits until the memory and the open files of the attacked server are what they were before."""
        began = time.monotonic()
        while True:
            now = {"resident": self.attacked.resident(), "files": self.attacked.files(),
                   "seconds": time.monotonic() - began}
            returned = now["resident"] <= resident + STAYS and now["files"] <= files + 8
            if returned or now["seconds"] > RETURN:
                break
            time.sleep(0.25)
        if not returned:
            self.faults.append(f"after {RETURN} s there are {now['resident']:.0f} MiB and {now['files']} files, "
                               f"where {resident:.0f} MiB and {files} files were before")
        return now

    def stop(self):
        """Stops both servers, the attacked one of C with all of its workers blocked."""
        expected = -signal.SIGTERM
        if self.attack.letter == "C":
            for _ in range(2):
                blocker = self.start("attackers.py", "block", self.attacked.port, 1, 0)
                blocker.stdout.readline()
                blocker.communicate()
            expected = 70
        for server, wanted in ((self.attacked, expected), (self.control, -signal.SIGTERM)):
            status, took = server.stop()
            # The drain, the closes, and half a second; and another half for a busy machine.
            if status != wanted or took > 10:
                self.faults.append(f"{server.name} ended with {status} {took:.1f} s after SIGTERM")


def in_window(samples, window):
    return [(sent, seconds) for sent, seconds in samples if window["from"] <= sent < window["to"]]


def percentile(samples, share):
    """In milliseconds."""
    ordered = sorted(seconds for _, seconds in samples)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def ratio(attacked, control):
    return percentile(attacked, 0.99) / percentile(control, 0.99)


def interval(attacked, control, times=400):
    """The middle 90 % of the ratios of resampled windows of half a second: how far chance alone moves the ratio."""
    windows = {}
    for side, samples in enumerate((attacked, control)):
        for sample in samples:
            windows.setdefault(int(sample[0] * 2), ([], []))[side].append(sample)
    windows, ratios = list(windows.values()), []
    for _ in range(times):
        drawn = random.choices(windows, k=len(windows))
        sides = [[sample for window in drawn for sample in window[side]] for side in (0, 1)]
        if all(sides):
            ratios.append(ratio(*sides))
    ratios.sort()
    return (ratios[len(ratios) // 20], ratios[-1 - len(ratios) // 20]) if ratios else (float("nan"),) * 2


def summary(rounds, limit):
    """One row of the table from all rounds of an attack, and what was broken."""
    pooled = {phase: [sum((one["latencies"][phase][side] for one in rounds), []) for side in (0, 1)]
              for phase in ("before", "during")}
    fresh = [sum((one["fresh"]["during"][side] for one in rounds), []) for side in (0, 1)]
    errors = [error for one in rounds for error in one["errors"][0]]
    during, low_high = ratio(*pooled["during"]), interval(*pooled["during"])
    mean = lambda of: statistics.fmean(map(of, rounds))
    row = {
        "attack": rounds[0]["letter"],
        "sent": sum(one["count"] for one in rounds),
        "p50 before": percentile(pooled["before"][0], 0.5),
        "p99 before": percentile(pooled["before"][0], 0.99),
        "p50": percentile(pooled["during"][0], 0.5),
        "p99": percentile(pooled["during"][0], 0.99),
        "p50 control": percentile(pooled["during"][1], 0.5),
        "p99 control": percentile(pooled["during"][1], 0.99),
        "ratio before": ratio(*pooled["before"]),
        "ratio": during,
        "90 %": "{:.2f}-{:.2f}".format(*low_high),
        "fresh p50": percentile(fresh[0], 0.5) / percentile(fresh[1], 0.5),
        "errors": len(errors),
        "CPU %": "{:.0f}/{:.0f}".format(*(100 * mean(lambda one: one["during"]["processor"][side]) for side in (0, 1))),
        "MiB": "{:.0f} {:.0f} {:.0f}".format(*(max(one[phase]["resident"] for one in rounds)
                                              for phase in ("before", "during", "after"))),
        "files": "{} {} {}".format(*(max(one[phase]["files"] for one in rounds)
                                     for phase in ("before", "during", "after"))),
    }
    broken = [text for one in rounds for text in one["faults"]] + [text for _, text in errors[:5]]
    broken += [f"control: {text}" for one in rounds for _, text in one["errors"][1][:5]]
    if not during <= limit:
        broken.append(f"p99 is {during:.2f} times the control's, over {limit}")
    return row, broken


def show(row, heading):
    cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()]
    widths = [max(len(name), 6 if name != "MiB" and name != "files" else 14) for name in row]
    if heading:
        print("  ".join(name.rjust(width) for name, width in zip(row, widths)))
    print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = HERE.parent.parent
    parser.add_argument("--binary", default=str(root / "target/release/nat-conformance"))
    parser.add_argument("--port", type=int, default=22000, help="the first of 200 ports")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of each attack, each on fresh servers")
    parser.add_argument("--users", type=int, default=100_000, help="who are closed at once in G")
    parser.add_argument("--limit", type=float, default=1.2, help="of the attacked p99 by the control's")
    parser.add_argument("--only", default="", help="letters, such as ABH")
    parser.add_argument("--output", default=str(root / "target/attacks.json"))
    options = parser.parse_args()
    results, all_broken = [], []
    with tempfile.TemporaryDirectory() as folder:
        number = 0
        for attack in ATTACKS:
            if options.only and attack.letter[0] not in options.only:
                continue
            rounds = []
            for _ in range(options.rounds):
                rounds.append(Round(attack, options, folder, number).run())
                number += 1
            row, broken = summary(rounds, options.limit)
            show(row, heading=not results)
            results.append({"row": row, "broken": broken, "rounds": rounds})
            all_broken += [f"{attack.letter}: {text}" for text in broken]
    print()
    for result in results:
        print(f"{result['row']['attack']:2}  {result['row']['sent']} {result['rounds'][0]['sent']}")
    pathlib.Path(options.output).parent.mkdir(exist_ok=True)
    pathlib.Path(options.output).write_text(json.dumps(results))
    for text in all_broken:
        print(f"BROKEN {text}")
    return 1 if all_broken else 0


if __name__ == "__main__":
    sys.exit(main())
