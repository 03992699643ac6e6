"""How aiohttp tells what goes out: it completes the header fields of its request object while it sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recoup.transports.recording import here

if TYPE_CHECKING:
    import aiohttp

__all__ = ["show"]


def show(request: aiohttp.ClientRequest) -> None:
    """Show whoever records here the head of a request that was just sent: aiohttp writes its fields as they stand."""
    tap = here()
    if tap is None:
        return
    in_clear_to_proxy = request.proxy is not None and not request.is_ssl()
    target = str(request.url) if in_clear_to_proxy else request.url.raw_path_qs
    version = request.version
    lines = [f"{request.method} {target} HTTP/{version.major}.{version.minor}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    tap.head("\r\n".join([*lines, "", ""]).encode("utf-8", "replace"))
