"""Leads what requests, urllib3 and aiohttp send to some hosts to another server, below everything that users see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import urllib3
from requests.adapters import HTTPAdapter
from yarl import URL

__all__ = ["redirect_the_others"]


def redirect_the_others(monkeypatch: pytest.MonkeyPatch, hosts: Collection[str], endpoint: str) -> None:
    """Send requests for `hosts` to `endpoint` (a URL with host and port)."""
    there = urlsplit(endpoint)

    def moved(url: str) -> str:
        parts = urlsplit(url)
        return parts._replace(scheme=there.scheme, netloc=there.netloc).geturl() if parts.hostname in hosts else url

    send, urlopen, connect = HTTPAdapter.send, urllib3.PoolManager.urlopen, aiohttp.BaseConnector.connect

    def sending(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        copy = request.copy()
        copy.url = moved(request.url)
        response = send(self, copy, *arguments, **named)
        response.request, response.url = request, request.url
        return response

    def opening(self: Any, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        return urlopen(self, method, moved(url), *arguments, **named)

    async def connecting(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        if request.url.host in hosts:
            request.url = URL(moved(str(request.url)))
            request.headers["Host"] = there.netloc
        return await connect(self, request, *arguments, **named)

    monkeypatch.setattr(HTTPAdapter, "send", sending)
    monkeypatch.setattr(urllib3.PoolManager, "urlopen", opening)
    monkeypatch.setattr(aiohttp.BaseConnector, "connect", connecting)
