"""schemathesis finds nothing: all of its checks, on requests that it makes up from the description."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import component, example

HERE = Path(__file__).resolve().parent
SEED = os.environ.get("SEED", "1")
EXAMPLES = os.environ.get("EXAMPLES", "40")
# In `session.mode: client` every credential is a name that is taken at its word, so that none is invalid.
UNCHECKED = "ignored_auth"


def run(name, address, *options):
    print(f"{name}:", flush=True)
    command = [
        Path(sys.executable).with_name("st"), "run", f"{address}/openapi.json", "--checks", "all", "--exclude-checks", UNCHECKED,
        "--max-examples", EXAMPLES, "--seed", SEED, "--phases", "examples,coverage,fuzzing", "--warnings", "off", *options,
    ]
    hooks = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    # It keeps notes where it is started.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, env=hooks, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(done.stdout)
    print("  " + next((line for line in done.stdout.splitlines() if "generated" in line), "").strip())


USER = ("--header", "Cookie: nat-session=schemathesis")
# Workflows that cannot be made from a conversation refuse one, whatever it says.
NO_CHAT = ("--exclude-path-regex", "chat")

with example() as address:
    run("the example", address, *USER, *NO_CHAT)
for name, options in [
    ("plain", ()),
    ("per_user_plain", USER),
    ("struct", NO_CHAT),
    ("per_user", (*USER, *NO_CHAT)),
    ("header", ("--header", "X-User: schemathesis", *NO_CHAT)),
    ("rooted", ()),
    ("endpoints", USER),
]:
    with component(name) as address:
        run(name, address, *options)
