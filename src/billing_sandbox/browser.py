"""A person at a browser without JavaScript: follows links, keeps cookies, fills in the form that is shown."""

import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """The forms of a page with what stands in them, its first heading, and its links as buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.buttons: list[str] = []
        self.heading = ""
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method", "").lower() == "post":
            self.forms.append(Form(said.get("action", "")))
        elif tag in ("input", "button") and said.get("name") and self.forms:
            if said.get("type") not in ("radio", "checkbox") or "checked" in said:
                self.forms[-1].fields[said["name"]] = said.get("value", "")
        elif tag == "a" and "button" in said.get("class", "").split():
            self.buttons.append(said.get("href", ""))
        elif tag == "h1" and not self.heading:
            self._in_heading = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "h1":
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading = f"{self.heading}{data}".strip()


class Browser:
    """Where it is (`url`), and what it shows (`text`, `heading`, `forms`, `buttons`)."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.url = ""
        self.status = 0
        self.text = ""
        self._read = _Reader()

    @property
    def heading(self) -> str:
        return self._read.heading

    @property
    def buttons(self) -> list[str]:
        return [urljoin(self.url, to) for to in self._read.buttons]

    def open(self, url: str) -> None:
        """The page at the end of all redirects."""
        self._ask(urllib.request.Request(urljoin(self.url, url)))  # noqa: S310  # ours

    def submit(self, n: int = -1, **typed: str) -> None:
        """Press the button of the page's `n`th form: the last, unless it is said."""
        form = self._read.forms[n]
        address = urlsplit(self.url)
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "Origin": f"{address.scheme}://{address.netloc}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        to = urljoin(self.url, form.action)
        content = urlencode({**form.fields, **typed}).encode()
        self._ask(urllib.request.Request(to, content, headers))  # noqa: S310  # ours

    def form_of(self, field_name: str) -> int:
        """Which form has this field."""
        for place, form in enumerate(self._read.forms):
            if field_name in form.fields:
                return place
        raise LookupError(f"no form with {field_name} at {urlsplit(self.url).path}")

    def says(self, pattern: str) -> str:
        """What the page says there, or nothing."""
        found = re.search(pattern, self.text)
        return found[0] if found else ""

    def _ask(self, request: urllib.request.Request) -> None:
        request.add_header("Accept-Language", "en")
        answer: Any
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            self.url, self.status = answer.geturl(), answer.status
            self.text = answer.read().decode("utf-8", "replace")
        self._read = _Reader()
        self._read.feed(self.text)
