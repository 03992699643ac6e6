"""One of several processes that share a store: asks for places and prints them.

sharing.py STORE COUNT RATE BURST        prints the slots of COUNT places as JSON, and ends
sharing.py STORE COUNT RATE BURST wait   the same, and then waits to be killed
"""

from __future__ import annotations

import json
import sys
import time

from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.storage.opening import open_store


def main(where: str, count: str, rate: str, burst: str, *rest: str) -> None:
    """See above."""
    key = BucketKey("application", "seller", "na", "orders/v0/getOrders")
    slots = []
    with open_store(where) as store:
        for _ in range(int(count)):
            found = store.reserve(key, Plan(float(rate), int(burst)), now=time.time(), margin=0.0, longest=None)
            assert isinstance(found, Granted)
            slots.append(found.slot)
        sys.stdout.write(json.dumps(slots) + "\n")
        sys.stdout.flush()
        if rest:
            time.sleep(600)


main(*sys.argv[1:])
