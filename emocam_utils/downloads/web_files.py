"""One address of the web into one file: which answers count, and when to ask again.

What an address gave is not looked at here; `image_files` does that.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from .image_files import Refused, Unreachable
from .manners import Manners

LONGEST_RETRY_AFTER = 60.0  # seconds


async def fetch_address(client: httpx.AsyncClient, url: str, file: Path, manners: Manners) -> None:
    """Write what an address answers with into a file.

    Errors: Refused, `temporary` if the host may do better later; Unreachable without a connection;
    OSError if the file cannot be written
    """
    try:
        async with (
            asyncio.timeout(manners.longest),
            client.stream("GET", url) as response,
        ):
            check_answer(response, manners.most_bytes)
            with file.open("wb") as opened:
                async for chunk in response.aiter_bytes():
                    if opened.tell() + len(chunk) > manners.most_bytes:
                        raise Refused(f"larger than {manners.most_bytes:,} bytes")
                    opened.write(chunk)
    except (httpx.TimeoutException, TimeoutError) as error:
        if isinstance(error, httpx.ConnectTimeout):
            raise Unreachable("unreachable: no answer to the connection") from None
        raise Refused(f"no end within the time: {type(error).__name__}", True) from None
    except httpx.ConnectError as error:
        raise Unreachable(f"unreachable: {error}") from None
    except httpx.TooManyRedirects:
        raise Refused("redirects without end") from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise Refused(f"no usable address: {error}") from None
    except httpx.TransportError as error:
        raise Refused(f"broken off: {error or type(error).__name__}", True) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Refused(f"no usable address or answer: {error}") from None


def check_answer(response: httpx.Response, most: int) -> None:
    """Refuse an answer by its status, its type or its length, before its body is read.

    most   : bytes
    Errors : Refused
    """
    status, headers = response.status_code, response.headers
    if status != 200:
        busy = status in (408, 425, 429) or status >= 500
        wait = retry_after(headers.get("Retry-After", ""))
        if wait is None:
            wait = 5.0 if status == 429 else 0.0
        raise Refused(f"status {status}", temporary=busy, wait=wait)
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.startswith(("text/", "application/json", "application/pdf", "video/", "audio/")):
        raise Refused(f"no picture but {kind}")
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise Refused(f"larger than {most:,} bytes: {int(length):,}")


def retry_after(value: str) -> float | None:
    """Seconds until a host wants to be asked again (RFC 9110, 10.2.3: a number or a date).

    At most `LONGEST_RETRY_AFTER`: who asks for more is asked again in another run. None if the
    header says nothing.
    """
    if value.strip().isdecimal():
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        if date.tzinfo is None:  # "-0000": it is in UTC
            date = date.replace(tzinfo=UTC)
        seconds = (date - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def host_of(url: str) -> str:
    """The host of an address, "" for what is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
