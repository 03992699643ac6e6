"""One of several processes that share a store: makes some calls and prints their statuses as JSON.

calling.py STORE ENDPOINT TOKEN_URL COUNT        credentials come on standard input, as JSON
"""

from __future__ import annotations

import json
import sys

import httpx2

import recoup


def main(where: str, endpoint: str, token_url: str, count: str) -> None:
    """See above."""
    credentials = json.loads(sys.stdin.readline())
    with recoup.open_store(where, key=bytes(range(32))) as store:
        login = recoup.Login(**credentials, token_url=token_url, store=store, seller="A1")
        transport = recoup.Transport(login=login, hosts=[endpoint], governor=recoup.Governor.unlimited())
        statuses: list[object] = []
        with httpx2.Client(transport=transport, base_url=endpoint, timeout=30) as client:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()  # all begin together
            for _ in range(int(count)):
                try:
                    statuses.append(client.get("/sellers/v1/marketplaceParticipations").status_code)
                except recoup.AskPerson as error:
                    statuses.append(error.fault)
    sys.stdout.write(json.dumps(statuses) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
