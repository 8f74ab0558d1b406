"""The settings of a server. Knows numbers and names only; where they come from (options, environment) is the shell's matter."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from chordllama.errors import ChordLlamaError

LOOPBACK_NAMES = frozenset({"localhost"})
MOST_UPLOAD_BYTES = 32 * 1024 * 1024


class ConfigError(ChordLlamaError, ValueError):
    """The settings contradict each other or would be unsafe."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of a server.

    `hosts` are further names by which it may be called; `api_key` is asked for where it is given, and has to be given where the server
    listens on anything but loopback. `rate` is how many changing requests one client may send in a minute, `jobs_per_client` how many of
    its jobs may wait and run. `most_held` bounds the requests that hold a thread for long (event streams, direct answers, conversions).
    """

    host: str = "127.0.0.1"
    port: int = 8765
    hosts: tuple[str, ...] = ()
    api_key: str | None = None
    rate: int = 240
    jobs_per_client: int = 4
    threads: int = 16
    most_held: int = 12
    most_upload_bytes: int = MOST_UPLOAD_BYTES
    ping_seconds: float = 5.0

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.api_key:
            raise ConfigError(
                f"{self.host}: others could reach the server",
                cause="it would listen on more than this computer and asks for no key",
                hint="give one with --api-key or CHORDLLAMA_API_KEY, or listen on 127.0.0.1",
            )


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address means this computer alone."""
    address = as_address(host)
    return address.is_loopback if address else host.lower() in LOOPBACK_NAMES


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host's IP address, None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
