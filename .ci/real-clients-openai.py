#!/usr/bin/env python3
"""The `openai` SDK against this server: sync and async, streamed and not, and the errors it raises.

    pip install openai
    cargo build --release -p nat-conformance
    NAT_BIN=target/release/nat-conformance python .ci/real-clients-openai.py

Ends with status 1 when anything is not as it should be.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

import openai

NAT_BIN = os.environ.get("NAT_BIN", "target/release/nat-conformance")
# The SDK would go through it, also to this machine.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]

TEXT = "workflow: {_type: conf_chat}"
PER_USER = "general: {enable_per_user_monitoring: true}\nworkflow: {_type: conf_per_user_chat, delay_ms: 20}"
BUSY = "general: {enable_per_user_monitoring: true, max_running_calls: 1, max_waiting_calls: 1}\nworkflow: {_type: conf_per_user_chat, delay_ms: 100}"


@contextlib.contextmanager
def serve(config):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "config.yml")
        path.write_text(config)
        log = pathlib.Path(folder, "server.log")
        command = [NAT_BIN, "serve", "--config_file", str(path), "--host", "127.0.0.1", "--port", str(port)]
        with log.open("w") as out:
            server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            base = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 30
            while not answers(base):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not come up:\n{log.read_text()}")
                time.sleep(0.05)
            yield base
        finally:
            server.terminate()
            server.wait(30)


def answers(base):
    try:
        return urllib.request.urlopen(f"{base}/health", timeout=2).status == 200
    except OSError:
        return False


def client(base, key="someone", kind=openai.OpenAI, **more):
    return kind(base_url=f"{base}/v1", api_key=key, **{"max_retries": 0, **more})


def say(text):
    return {"model": "any", "messages": [{"role": "user", "content": text}]}


def raised(error, work):
    try:
        work()
    except error as found:
        assert type(found) is error, f"{type(found)} instead of {error}"
        return found
    raise AssertionError(f"{error.__name__} was not raised")


def content(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


# Sync.


def text_workflow(base):
    chat = client(base).chat.completions
    answer = chat.create(**say("hi you"))
    assert answer.choices[0].message.content == "echo: hi you"
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("stop", 3)
    chunks = list(chat.create(**say("hi you"), stream=True))
    assert content(chunks) == "echo: hi you"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def usage_of_streams(base):
    chunks = list(client(base).chat.completions.create(**say("hi you"), stream=True, stream_options={"include_usage": True}))
    *before, last = chunks
    assert (last.choices, last.usage.completion_tokens, last.usage.total_tokens) == ([], 3, 3)
    assert all(chunk.usage is None for chunk in before)


def stream_helper(base):
    with client(base).chat.completions.stream(**say("hi you")) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds, kinds
    assert final.choices[0].message.content == "echo: hi you"


def parts(base):
    messages = [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]
    answer = client(base).chat.completions.create(model="any", messages=messages)
    assert answer.choices[0].message.content == "echo: one two"


def key_is_the_user(base):
    alice, bob = client(base, "alice-of-sync"), client(base, "bob-of-sync")
    turns = [who.chat.completions.create(**say("hi")).choices[0].message.content for who in (alice, alice, bob)]
    assert turns == ["[1] hi", "[2] hi", "[1] hi"], turns
    chunks = list(alice.chat.completions.create(**say("one two"), stream=True))
    assert content(chunks) == "[3] one two "
    assert {chunk.model for chunk in chunks} == {"conf-model"}


def failing_call(base):
    error = raised(openai.UnprocessableEntityError, lambda: client(base).chat.completions.create(**say("raise")))
    assert (error.status_code, error.code, error.body["message"]) == (422, "workflow_error", "chat failed"), error.body
    assert error.body["details"] == "RuntimeError"


def failing_stream(base):
    seen = []
    stream = client(base, "failing").chat.completions.create(**say("one raise two"), stream=True)
    error = raised(openai.APIError, lambda: seen.extend(iter_into(stream, seen)))
    assert error.message == "chat stream failed", error.message
    assert (error.code, error.type, error.body["details"]) == ("workflow_error", "RuntimeError", "RuntimeError"), error.body
    assert content(seen) == "[1] one ", seen


def iter_into(stream, seen):
    for chunk in stream:
        seen.append(chunk)
    return []


def refused(base):
    chat = client(base).chat.completions
    for messages in ([], [{"role": "alien", "content": "x"}]):
        for stream in (False, True):
            error = raised(openai.UnprocessableEntityError,
                           lambda: chat.create(model="any", messages=messages, stream=stream))
            assert error.body["detail"][0]["loc"][:2] == ["body", "messages"], error.body
    for stream in (False, True):
        broken = client(base, "a.b.c").chat.completions
        error = raised(openai.AuthenticationError, lambda: broken.create(**say("x"), stream=stream))
        assert error.body["message"].startswith("Failed to decode JWT"), error.body
    elsewhere = openai.OpenAI(base_url=f"{base}/v2", api_key="x", max_retries=0)
    raised(openai.NotFoundError, lambda: elsewhere.chat.completions.create(**say("x")))


def leaving_early(base):
    with client(base, "leaver").chat.completions.create(**say("word " * 50), stream=True) as stream:
        next(iter(stream))
    until_active(base, 0)


def until_active(base, count):
    """Waits until the server has as many calls, running or waiting."""
    deadline = time.monotonic() + 30
    while (now := active(base)) != count:
        assert time.monotonic() < deadline, f"the server has {now} calls, not {count}"
        time.sleep(0.02)


def active(base):
    users = json.load(urllib.request.urlopen(f"{base}/monitor/users"))["users"]
    return sum(user["requests"]["active_requests"] for user in users)


# Async.


async def async_both_ways(base):
    async with client(base, "async-user", openai.AsyncOpenAI) as sdk:
        answer = await sdk.chat.completions.create(**say("hi"))
        assert answer.choices[0].message.content == "[1] hi"
        stream = await sdk.chat.completions.create(**say("one two"), stream=True)
        assert content([chunk async for chunk in stream]) == "[2] one two "
        seen = []
        try:
            async for chunk in await sdk.chat.completions.create(**say("one raise"), stream=True):
                seen.append(chunk)
            raise AssertionError("the stream did not fail")
        except openai.APIError as error:
            assert (error.message, error.type) == ("chat stream failed", "RuntimeError")
        assert content(seen) == "[3] one "
        async with sdk.chat.completions.stream(**say("three")) as helper:
            async for _ in helper:
                pass
            assert (await helper.get_final_completion()).choices[0].message.content == "[4] three "


async def async_users_side_by_side(base):
    async def talk(number):
        async with client(base, f"crowd-{number}", openai.AsyncOpenAI) as sdk:
            stream = await sdk.chat.completions.create(**say(f"I am {number}"), stream=True)
            return content([chunk async for chunk in stream])

    answers = await asyncio.gather(*(talk(number) for number in range(20)))
    assert answers == [f"[1] I am {number} " for number in range(20)], answers


async def async_limits(base):
    async def talk(sdk, words):
        return [chunk async for chunk in await sdk.chat.completions.create(**say(words), stream=True)]

    async with client(base, "busy", openai.AsyncOpenAI) as sdk:
        # One that runs for as long as it is listened to, and one that waits behind it.
        running = await sdk.chat.completions.create(**say("word " * 3000), stream=True)
        await anext(aiter(running))
        waiting = asyncio.create_task(talk(sdk, "a"))
        await asyncio.to_thread(until_active, base, 2)
        for _ in range(2):
            try:
                await talk(sdk, "a")
                raise AssertionError("there was no room for a third")
            except openai.RateLimitError as error:
                assert error.body["details"] == "QueueFull", error.body
        await running.close()
        assert content(await waiting) == "[2] a "
    # The SDK waits as long as the server says, and comes back.
    async with client(base, "busy", openai.AsyncOpenAI, max_retries=20) as sdk:
        answers = await asyncio.gather(*(talk(sdk, "a") for _ in range(4)))
    assert sorted(content(answer) for answer in answers) == [f"[{turn}] a " for turn in (3, 4, 5, 6)], answers


CASES = [
    (TEXT, [text_workflow, usage_of_streams, stream_helper, parts, failing_call]),
    (PER_USER, [key_is_the_user, failing_stream, refused, leaving_early, async_both_ways, async_users_side_by_side]),
    (BUSY, [async_limits]),
]


def main():
    failures = 0
    print(f"openai {openai.__version__}")
    for config, cases in CASES:
        with serve(config) as base:
            for case in cases:
                try:
                    asyncio.run(case(base)) if asyncio.iscoroutinefunction(case) else case(base)
                    print(f"ok    {case.__name__}")
                except Exception:
                    failures += 1
                    print(f"FAIL  {case.__name__}")
                    traceback.print_exc()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
