"""Who may use the server. Knows headers and addresses; knows no routes.

A page on the internet can make a browser send requests to this computer. It gets nowhere: its name resolved to 127.0.0.1 is refused by the
Host header, its requests by Origin and Sec-Fetch-Site, and its reading of answers by the browser, for there are no CORS headers.
Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chordllama_server.config import LOOPBACK_NAMES, Config, as_address, is_loopback
from chordllama_server.problems import Refusal, http_problem

UNCHANGING = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(app: Flask, config: Config) -> None:
    """Look at every request before its route does, and give every answer its headers."""
    limiter = MovingWindowRateLimiter(MemoryStorage())
    rate = RateLimitItemPerMinute(config.rate)

    @app.before_request
    def _check() -> None:
        check_host(request, config)
        check_origin(request)
        check_key(request, config)
        if request.method not in UNCHANGING and not limiter.hit(rate, client_of(request)):
            words = f"more than {config.rate} requests in a minute"
            raise Refusal(http_problem(429, words, hint="wait a moment", retry_after=10))

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def client_of(asked: Request) -> str:
    """Return whose limits count: the address that the request comes from (behind a proxy that is trusted, the one that it tells)."""
    return asked.remote_addr or "unknown"


def check_host(asked: Request, config: Config) -> None:
    """Refuse a request that calls the server by a name that isn't its own: such a name was made to lead here (DNS rebinding)."""
    name = host_name(asked.headers.get("Host", ""))
    address = as_address(name)
    if name in config.hosts or name == config.host:
        return
    if address.is_loopback if address else name in LOOPBACK_NAMES:
        return
    if address and not is_loopback(config.host):  # an address can't be rebound
        return
    raise Refusal(
        http_problem(421, "the server isn't known by this name", hint="call it 127.0.0.1, or name it with --allow-host")
    )


def host_name(host: str) -> str:
    """Return the name or address in a Host header, without its port; "" where there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "") if host and "@" not in host and "/" not in host else ""
    except ValueError:
        return ""


def check_origin(asked: Request) -> None:
    """Refuse what a page of another origin sends, and whatever it loads but the page itself, by a link."""
    changes = asked.method not in UNCHANGING
    site = asked.headers.get("Sec-Fetch-Site", "none")
    is_link = not changes and asked.headers.get("Sec-Fetch-Mode") == "navigate"
    foreign = site not in ("same-origin", "none") and not is_link
    origin = asked.headers.get("Origin")
    if foreign or (changes and origin is not None and not same_origin(origin, asked)):
        raise Refusal(http_problem(403, "a page of another origin may not use this server"))


def same_origin(origin: str, asked: Request) -> bool:
    """Tell whether an Origin header names this server. A proxy may speak HTTPS for it, so only host and port count."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc != "" and parts.netloc == asked.headers.get("Host")


OPEN_ENDPOINTS = frozenset({"server.health", "server.openapi", "page.page", "page.index"})


def check_key(asked: Request, config: Config) -> None:
    """Refuse a request without the key, where there is one."""
    if not config.api_key or asked.endpoint in OPEN_ENDPOINTS:
        return
    scheme, _, key = asked.headers.get("Authorization", "").partition(" ")
    given = key.strip().encode("utf-8", "replace")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given, config.api_key.encode()):
        raise Refusal(http_problem(401, "the key is missing or wrong", hint="send Authorization: Bearer KEY"))
