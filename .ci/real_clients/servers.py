"""Starts the servers that the clients talk to, each with one workflow file."""

import contextlib
import os
import re
import subprocess
import tempfile

EXAMPLE_CONFIG = "examples/front_ends/per_user_workflow/configs/config.yml"

# One for each shape of input, output and identity that the description knows.
FILES = {
    "plain": "workflow: {_type: conf_echo}",
    "struct": "workflow: {_type: conf_counter}",
    "per_user": "workflow: {_type: conf_per_user_counter}",
    "per_user_plain": "workflow: {_type: conf_per_user_echo}",
    "header": "{general: {front_end: {_type: fastapi, identity_header: X-User}}, workflow: {_type: conf_per_user_counter}}",
    "rooted": "{general: {front_end: {_type: fastapi, root_path: /base, disable_legacy_routes: true}}, workflow: {_type: conf_echo}}",
    "endpoints": """
general:
  enable_per_user_monitoring: true
  front_end:
    _type: fastapi
    endpoints:
      - {path: '/count/{who}', method: POST, description: Counts for one, function_name: counter}
      - {path: /probe, method: GET, description: Looks, function_name: probe}
functions: {counter: {_type: conf_counter}, probe: {_type: conf_probe}}
workflow: {_type: conf_per_user_echo}
""",
}


@contextlib.contextmanager
def serving(binary, config):
    """Gives the address of a server that runs until the block ends."""
    command = [binary, "serve", "--config_file", config, "--host", "127.0.0.1", "--port", "0"]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            for line in server.stderr:
                log.write(line)
                if address := re.search(r"listening on (http://\S+)", line):
                    break
            else:
                log.seek(0)
                raise SystemExit(f"{command} did not start:\n{log.read()}")
            yield address.group(1)
        finally:
            server.terminate()
            server.wait(30)


def example():
    return serving(os.environ["EXAMPLE"], EXAMPLE_CONFIG)


@contextlib.contextmanager
def component(name):
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        config.write(FILES[name])
        config.flush()
        with serving(os.environ["CONFORMANCE"], config.name) as address:
            yield address
