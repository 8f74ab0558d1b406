"""The one client for servers with an interface like OpenAI's or Ollama's. Knows addresses, keys, HTTP, server-sent events and
JSON lines, and says in words what goes wrong; knows nothing of what is asked.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from chordllama.errors import EndpointError

RETRIES = 4
"""How often a question that may be asked again is, where the server is busy or out of reach."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 20.0
"""Seconds before the first and the last of them, at most."""
CHAT = "/v1/chat/completions"
LONGEST_COMPLAINT = 400  # characters of a server's own words
ENDINGS = ("/completions", "/chat", "/api/generate", "/v1")
"""What an address may end with beyond the server's own, in the order in which it is taken away."""

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
Json = dict[str, Any]


class PassingEndpointError(EndpointError):
    """An endpoint that is busy, silent, out of reach or out of order: the same request may do later."""


class BrokenOffError(PassingEndpointError):
    """An answer without its end: the server fails, or serves another program first."""


class Endpoint:
    """Asks the server at an address such as http://127.0.0.1:8080/v1; one request at a time.

    `timeout` is how many seconds the server may be silent. What goes wrong is an EndpointError with the address, what it was,
    and the server's own words; a password in the address is sent, but shown to no one.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout: float = 60.0) -> None:
        import httpx

        self._root = _root(url)
        self._shown = str(httpx.URL(self._root).copy_with(userinfo=b"")).rstrip("/")
        headers = {} if api_key is None else {"Authorization": f"Bearer {_key(api_key)}"}
        self._client = httpx.Client(timeout=timeout, headers=headers)

    def ask(self, method: str, path: str, question: Mapping[str, Any] | None = None) -> Json:
        """Return what the server answers to a question that it need not know; nothing where it doesn't."""
        import httpx

        try:
            response = self._client.request(method, self._root + path, json=question)
            answer = response.json() if response.status_code == HTTPStatus.OK else {}
        except (httpx.HTTPError, ValueError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def chat(self, messages: Sequence[Mapping[str, str]], **options: Any) -> str:
        """Return the answer to messages by /v1/chat/completions; asked again while the server is busy or out of reach."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        attempts = Retrying(
            retry=retry_if_exception_type(PassingEndpointError),
            stop=stop_after_attempt(RETRIES + 1),
            wait=wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
            reraise=True,
        )
        return attempts(self._chat, {"messages": list(messages), **options})

    def _chat(self, body: Mapping[str, Any]) -> str:
        with self._explained(CHAT):
            response = self._client.post(self._root + CHAT, json=body)
            self._check_status(CHAT, response)
        answer = self._json(CHAT, response.text)
        try:
            return str(answer["choices"][0]["message"]["content"] or "")
        except (KeyError, TypeError, IndexError) as error:
            raise self.not_understood(CHAT, response.text) from error

    def events(self, path: str, body: Mapping[str, Any]) -> Generator[Json, None, None]:
        """Yield an answer's server-sent events, up to the one that says [DONE]."""
        from httpx_sse import connect_sse

        with self._explained(path), connect_sse(self._client, "POST", self._root + path, json=body) as source:
            self._check_status(path, source.response)
            for event in source.iter_sse():
                if event.data.strip() == "[DONE]":
                    return
                if event.data:  # others are a sign of life
                    yield self._json(path, event.data)

    def lines(self, path: str, body: Mapping[str, Any]) -> Generator[Json, None, None]:
        """Yield an answer's lines, each of which is JSON."""
        with self._explained(path), self._client.stream("POST", self._root + path, json=body) as response:
            self._check_status(path, response)
            for line in filter(None, response.iter_lines()):
                yield self._json(path, line)

    def _json(self, path: str, text: str) -> Json:
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise self.not_understood(path, text) from error
        if not isinstance(answer, dict):
            raise self.not_understood(path, text)
        if answer.get("error"):
            raise self.error(path, "the server gave up", cause=_words(text))
        return answer

    def _check_status(self, path: str, response: Any) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        response.read()
        words = _words(response.text)
        cause = f"{status} {response.reason_phrase}" + (f": {words}" if words else "")
        hint = "the server itself has failed: see its log" if status >= 500 else HINTS.get(status)
        kind = PassingEndpointError if status >= 500 or status in {408, 409, 429} else EndpointError
        raise self.error(path, "the server refused", cause=cause, hint=hint, kind=kind)

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """httpx's errors as EndpointError."""
        import httpx
        from httpx_sse import SSEError

        try:
            yield
        except SSEError as error:
            hint = "it may be no endpoint for completions: check the address"
            raise self.error(path, "the server doesn't stream its answer", cause=str(error), hint=hint) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            hint = "is the server running, and is the address right?"
            raise self.error(
                path, "there is no connection", cause=str(error), hint=hint, kind=PassingEndpointError
            ) from error
        except httpx.TimeoutException as error:
            cause, hint = f"it said nothing for {self._client.timeout.read:g} s", "give it more time (timeout)"
            raise self.error(path, "the server is silent", cause=cause, hint=hint, kind=PassingEndpointError) from error
        except httpx.HTTPError as error:
            raise self.broken_off(path, str(error)) from error

    def broken_off(self, path: str, cause: str | None = None) -> EndpointError:
        """Return the error of an answer without its end."""
        return self.error(path, "the answer broke off", cause=cause, hint=BROKEN_OFF, kind=BrokenOffError)

    def not_understood(self, path: str, answer: str) -> EndpointError:
        """Return the error of an answer that isn't what it should be."""
        return self.error(path, "the server's answer can't be understood", cause=answer[:LONGEST_COMPLAINT])

    def error(
        self,
        path: str,
        what: str,
        *,
        cause: str | None = None,
        hint: str | None = None,
        kind: type[EndpointError] = EndpointError,
    ) -> EndpointError:
        """Return an error that names the address."""
        return kind(f"{self._shown}{path}: {what}", cause=cause, hint=hint)

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._client.close()


def _root(url: str) -> str:
    """The address without what belongs to one interface: http://host:port. Raises EndpointError."""
    import httpx

    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise EndpointError(f"{url} is no address", cause=str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise EndpointError(f"{url} is no address of a server", hint="write it like http://127.0.0.1:8080/v1")
    path = parsed.path.rstrip("/")
    for ending in ENDINGS:
        path = path.removesuffix(ending)
    return str(parsed.copy_with(path=path.rstrip("/") or "/", query=None, fragment=None)).rstrip("/")


def _key(key: str) -> str:
    """`key` without the line's end that it often comes with. Raises EndpointError, which doesn't show it."""
    stripped = key.strip()
    if not stripped.isascii() or not stripped.isprintable():
        raise EndpointError("the key for the endpoint is none", cause="it has characters that no key has")
    return stripped


def _words(answer: str) -> str:
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
