"""What recoup costs under the three SDKs when nothing goes wrong: CPU time of a successful call, bare and with recoup.

    python benchmarks/clients_overhead.py [--quick]

Both read a shipment through the SDK's own method and model, in turns, from one server in a process of its own, so that
only the client's CPU time is counted and a slow spell of the machine hits both. Calls take their place in a usage plan,
which is so large that none has to wait for it. The median of the ratios is promised to be at most 1.15.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from faults import the_server
from side_by_side.plan import plan
from side_by_side.sdks import AmznSellingPartner, AmznSpApi, PythonAmazonSpApi, Sdk
from side_by_side.sdks_with_recoup import AmznSellingPartnerUnder, AmznSpApiUnder, PythonAmazonSpApiUnder, Under

import recoup

PROMISED = 1.15
SEED, CALLS = 1, 50
SDKS: dict[str, tuple[str, type[Sdk], type[Under]]] = {
    "python-amazon-sp-api": ("sp_api", PythonAmazonSpApi, PythonAmazonSpApiUnder),
    "amzn-sp-api": ("spapi", AmznSpApi, AmznSpApiUnder),
    "amzn-selling-partner": ("amzn_selling_partner", AmznSellingPartner, AmznSellingPartnerUnder),
}


def paced(under: type[Under]) -> type[Under]:
    """The same with a plan that is never in the way, and has to be kept; and without a listener."""

    def more(self: Under) -> dict[str, Any]:
        plans = {"external-fulfillment/2024-09-11/getShipment": (1_000_000.0, 1_000_000)}
        return {"token_url": self.address + "/auth/o2/token", "governor": recoup.Governor(plans=plans)}

    return type(under.__name__, (under,), {"more": more})


def seconds(call: Callable[[], object], calls: int) -> float:
    """CPU seconds of one of so many calls."""
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="10 rounds instead of 40")
    rounds = 10 if parser.parse_args().quick else 40
    marker = next(each.marker for each in plan(SEED, CALLS) if each.fault is None and each.operation.name == "read")
    good = True
    with the_server() as address:
        urllib.request.urlopen(address + "/plan", json.dumps([SEED, CALLS]).encode()).close()
        for name, (package, bare, under) in SDKS.items():
            if find_spec(package) is None:
                print(f"{name:22} is not installed: not measured")
                continue
            clients = [bare(name, address), paced(under)(name, address)]
            calls = [partial(client.operation("read"), marker, None) for client in clients]
            for call in calls:
                seconds(call, 20)  # imports, connections, tokens, caches
            gc.collect()
            pairs = []
            for turn in range(rounds):
                took = [0.0, 0.0]
                for which in (0, 1) if turn % 2 else (1, 0):  # whoever goes second finds warmer caches
                    took[which] = seconds(calls[which], 20)
                pairs.append(took)
            for client in clients:
                client.close()
            ratio = statistics.median(ours / theirs for theirs, ours in pairs)
            theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
            good &= ratio <= PROMISED
            print(
                f"{name:22} bare {theirs * 1e6:5.0f} us, with recoup {ours * 1e6:5.0f} us, ratio {ratio:.3f} "
                f"(promised {PROMISED:g}: {'holds' if ratio <= PROMISED else 'DOES NOT HOLD'})"
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
