"""Servers that run models, spoken to over HTTP: one client for all that asks them. Knows addresses, keys and errors; no prompts.

Every fault becomes an EndpointError with the address, what went wrong, the server's own words, and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from chordllama.errors import EndpointError

RETRIES = 4
"""How often a question that may be asked again is, where the server is busy or out of reach."""
_AGAIN = frozenset([408, 409, 429, 500, 502, 503, 504])
LONGEST_COMPLAINT = 400  # characters of a server's own words
HINTS: Mapping[int, str] = {
    400: "the server refuses the request; its own words say why",
    401: "give the server's key (api_key)",
    403: "this key may not use this model",
    404: "check the address (it ends with /v1) and the model's name",
    413: "the prompt is too long for this server",
    422: "the server doesn't understand the request; is it one for completions?",
    429: "the server is busy or your share is used up: wait and try again",
}
BROKEN_OFF = "see the server's log: the prompt may be too long for its context, or another program may be using it"


class Endpoint:
    """A server at an address such as http://127.0.0.1:8080/v1, of which `root` is http://127.0.0.1:8080.

    `timeout` are the seconds that the server may be silent. Raises EndpointError for what is no address and no key.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0) -> None:
        import httpx

        self.root = _root(url)
        self.shown = str(httpx.URL(self.root).copy_with(userinfo=b""))  # a password in the address is shown to no one
        headers = {} if api_key is None else {"Authorization": f"Bearer {_key(api_key)}"}
        self.client = httpx.Client(timeout=timeout, headers=headers)

    def ask(self, method: str, path: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what the server answers to a question that it need not know; empty if it doesn't."""
        import httpx

        try:
            response = self.client.request(method, self.root + path, json=question)
            answer = response.json() if response.status_code == HTTPStatus.OK else {}
        except (httpx.HTTPError, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def chat(self, messages: Sequence[Mapping[str, str]], **options: Any) -> str:
        """Return the answer to messages by /v1/chat/completions; asked again while the server is busy or out of reach."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        attempts = Retrying(
            retry=retry_if_exception_type(_TryAgain),
            stop=stop_after_attempt(RETRIES + 1),
            wait=wait_random_exponential(max=20),
            reraise=True,
        )
        try:
            return attempts(self._chat, {"messages": list(messages), **options})
        except _TryAgain as fault:
            raise fault.error from fault

    def _chat(self, body: Mapping[str, Any]) -> str:
        import httpx

        try:
            with self.explained("/v1/chat/completions"):
                response = self.client.post(f"{self.root}/v1/chat/completions", json=body)
        except EndpointError as error:
            if isinstance(error.__cause__, httpx.TransportError):
                raise _TryAgain(error) from error
            raise
        try:
            self.check_status(response, "/v1/chat/completions")
        except EndpointError as error:
            if response.status_code in _AGAIN:
                raise _TryAgain(error) from error
            raise
        try:
            return str(response.json()["choices"][0]["message"]["content"] or "")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            cause = response.text[:LONGEST_COMPLAINT]
            raise self.error("/v1/chat/completions", "the server's answer can't be understood", cause=cause) from error

    def check_status(self, response: Any, path: str) -> None:
        """Raise EndpointError unless the server has taken the request at a path."""
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        response.read()
        words = words_of(response.text)
        cause = f"{status} {response.reason_phrase}" + (f": {words}" if words else "")
        hint = "the server itself has failed: see its log" if status >= 500 else HINTS.get(status)
        raise self.error(path, "the server refused", cause=cause, hint=hint)

    @contextmanager
    def explained(self, path: str) -> Iterator[None]:
        """Raise httpx's errors as EndpointError."""
        import httpx
        from httpx_sse import SSEError

        try:
            yield
        except SSEError as error:
            hint = "it may be no endpoint for completions: check the address"
            raise self.error(path, "the server doesn't stream its answer", cause=str(error), hint=hint) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            hint = "is the server running, and is the address right?"
            raise self.error(path, "there is no connection", cause=str(error), hint=hint) from error
        except httpx.TimeoutException as error:
            cause, hint = f"it said nothing for {self.client.timeout.read:g} s", "give it more time (timeout)"
            raise self.error(path, "the server is silent", cause=cause, hint=hint) from error
        except httpx.HTTPError as error:
            raise self.error(path, "the answer broke off", cause=str(error), hint=BROKEN_OFF) from error

    def error(self, path: str, what: str, *, cause: str | None = None, hint: str | None = None) -> EndpointError:
        """Return the error that says what is wrong at a path."""
        return EndpointError(f"{self.shown.rstrip('/')}{path}: {what}", cause=cause, hint=hint)

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self.client.close()


class _TryAgain(Exception):
    """A fault after which the same question may be answered."""

    def __init__(self, error: EndpointError) -> None:
        super().__init__(str(error))
        self.error = error


def _root(url: str) -> str:
    """The address without what belongs to one interface: http://host:port. Raises EndpointError."""
    import httpx

    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise EndpointError(f"{url} is no address", cause=str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise EndpointError(f"{url} is no address of a server", hint="write it like http://127.0.0.1:8080/v1")
    path = parsed.path.rstrip("/").removesuffix("/completions").removesuffix("/v1").rstrip("/")
    return str(parsed.copy_with(path=path or "/", query=None, fragment=None)).rstrip("/")


def _key(key: str) -> str:
    """`key` without the line's end that it often comes with. Raises EndpointError, which doesn't show it."""
    stripped = key.strip()
    if not stripped.isascii() or not stripped.isprintable():
        raise EndpointError("the key for the endpoint is none", cause="it has characters that no key has")
    return stripped


def words_of(answer: str) -> str:
    """Return the server's own explanation, in one of the shapes that servers give it."""
    try:
        found = json.loads(answer)
    except ValueError:
        found = answer
    for key in ("error", "detail", "message"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    words = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return " ".join(words.split())[:LONGEST_COMPLAINT]
