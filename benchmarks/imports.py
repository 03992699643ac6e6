"""What it costs to have recoup under a client before anything is sent, beside importing the HTTP client alone.

    python benchmarks/imports.py [--quick]

CPU time inside a fresh interpreter: for `import httpx2`, and for that, `import recoup` and a transport with a login.
The two run in turns, so that a slow spell hits both; the least of each is compared. Promised: at most 1.5 times the
client's own. Everything is compiled to bytecode before, into a folder that is thrown away; and typing_extensions, which
msgspec takes where it happens to be installed, is there only for the clients that bring it along.

Printed as well, and not promised: the first call that succeeds, and the first that fails, which loads the catalogue.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from tempfile import TemporaryDirectory

PROMISED = 1.5
_LOGIN = "recoup.Login(client_id='amzn1.application-oa2-client.1', client_secret='s', refresh_token='Atzr|r')"
_WITHOUT = "import sys; sys.modules['typing_extensions'] = None; "
FACES = {
    "httpx2": ("import httpx2", f"recoup.Transport(login={_LOGIN})"),
    "httpx2, async": ("import asyncio, httpx2", f"recoup.AsyncTransport(login={_LOGIN})"),
    "httpx": ("import httpx", f"recoup.Transport(login={_LOGIN})"),
    "requests": (f"{_WITHOUT}import requests", f"recoup.RequestsAdapter(login={_LOGIN})"),
    "urllib3": (f"{_WITHOUT}import urllib3", f"recoup.PoolManager(login={_LOGIN})"),
    "aiohttp": ("import aiohttp", f"recoup.aiohttp_middleware(login={_LOGIN})"),
}
_FIRST = """
import httpx2, recoup
transport = httpx2.MockTransport(lambda request: httpx2.Response(ANSWER[0], content=ANSWER[1]))
client = httpx2.Client(transport=recoup.Transport(transport, governor=recoup.Governor.unlimited()))
began = time.process_time()
client.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders")
"""
_FIRSTS = {
    "that succeeds": "ANSWER = (200, b'{}')",
    "that fails": 'ANSWER = (404, b\'{"errors":[{"code":"NotFound"}]}\')',
}


def cost(code: str, compiled: str) -> float:
    """CPU milliseconds of this code in an interpreter of its own, from `began` on."""
    script = f"import time; began = time.process_time()\n{code}\nprint(time.process_time() - began)"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return float(done.stdout) * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="5 runs of each instead of 20")
    runs = 5 if parser.parse_args().quick else 20
    with TemporaryDirectory() as compiled:
        held = [compare(name, *codes, runs, compiled) for name, codes in FACES.items()]
        for name, answer in _FIRSTS.items():
            code = f"{answer}{_FIRST}"
            least = min(cost(code, compiled) for _ in range(runs + 1))
            print(f"the first call {name}: {least:.1f} ms of CPU time")
    return 0 if all(held) else 1


def compare(name: str, alone: str, made: str, runs: int, compiled: str) -> bool:
    """Print how a face compares with its client; whether the promise holds."""
    whole = f"{alone}\nimport recoup\n{made}"
    cost(whole, compiled)  # compiles
    pairs = [(cost(alone, compiled), cost(whole, compiled)) for _ in range(runs)]
    bare, under = (min(times) for times in zip(*pairs, strict=True))
    holds = bool(under / bare <= PROMISED)
    print(
        f"{name:14} alone {bare:6.1f} ms, with recoup and a transport {under:6.1f} ms: {under / bare:.2f} times "
        f"(promised {PROMISED:g}: {'holds' if holds else 'DOES NOT HOLD'})"
    )
    return holds


if __name__ == "__main__":
    sys.exit(main())
