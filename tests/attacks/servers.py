"""The two servers, their files, and what the system knows of their processes."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

ENDPOINT = "{{path: /{0}, method: POST, description: {0}, function_name: {0}}}"
COMMON = f"""
functions:
  harm: {{_type: conf_per_user_harmful}}
  sleep: {{_type: conf_per_user_sleep}}
  stream: {{_type: conf_per_user_stream}}
  big: {{_type: conf_struct}}
general:
  shutdown_timeout: 5
  close_timeout: 4
  front_end:
    _type: fastapi
    workers: 2
    endpoints: [{", ".join(ENDPOINT.format(name) for name in ("harm", "sleep", "stream", "big"))}]
workflow: {{_type: conf_per_user_probe}}
"""
# One header alone says who asks.
HEADER = COMMON.replace("workers: 2", "workers: 2\n    identity_header: X-Auth-User")
# Idle users are closed at every `INTERVAL`, and the file `JOURNAL` says when.
SWEEP = """
general:
  max_users: 1000000
  per_user_workflow_timeout: ${INTERVAL}
  per_user_workflow_cleanup_interval: ${INTERVAL}
  front_end: {_type: fastapi, workers: 2}
workflow: {_type: conf_per_user_probe, log_path: "${JOURNAL}"}
"""
SMALL = """
general: {max_users: 300, front_end: {_type: fastapi, workers: 2}}
workflow: {_type: conf_per_user_probe}
"""


def go_first(priority):
    """Gives this process a real-time priority, where the system allows that.

    Both servers and their users have one, attackers have the lowest ordinary one: what else the machine does, and the
    work of the attacker itself, would otherwise decide the 99th percentile.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))


class Server:
    """A process of the binary on a port of its own, with a reader behind its standard error."""

    def __init__(self, binary, folder, name, port, attack, interval):
        self.name, self.port = name, port
        self.journal = pathlib.Path(folder, f"{name}.journal")
        self.journal.write_bytes(b"")
        self.log = pathlib.Path(folder, f"{name}.log")
        file = pathlib.Path(folder, f"{name}.yml")
        file.write_text(attack.config)
        environment = {**os.environ, "JOURNAL": str(self.journal), "INTERVAL": str(interval)}
        command = [binary, "--log-level", attack.level, "serve", "--config_file", str(file), "--port", str(port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=environment, preexec_fn=lambda: go_first(1))
        with open(self.log, "wb") as log:
            self.log_reader = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=log)
        self.process.stderr.close()
        self.started = time.monotonic()

    def wait_until_ready(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"the server did not start:\n{self.log.read_text(errors='replace')}")

    def resident(self):
        """Its resident memory, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def processor(self):
        """The processor time that it has used, in seconds."""
        return processor(self.process.pid)

    def stop(self):
        """Sends SIGTERM. Gives the exit status, negative for a signal, and the seconds that it took; kills after 20."""
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.log_reader.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        took = time.monotonic() - began
        self.log_reader.wait(20)
        return status, took


def processor(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
