"""A patient's phone: a browser without JavaScript that keeps cookies and posts forms as found."""

import re
from html import unescape
from typing import Any

import httpx

FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
FROM_MAIL = {"Sec-Fetch-Site": "cross-site"}
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')
BORN = {"month": "7", "day": "9", "year": "1984"}


class Phone:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page = ""
        self.path = ""

    async def get(self, path: str, *, language: str = "en") -> httpx.Response:
        """The page at the end of all redirects."""
        headers = {**FROM_MAIL, "Accept-Language": language}
        return self._seen(await self.http.get(path, headers=headers, follow_redirects=True))

    async def post(self, path: str, headers: Any = FORM, **fields: str) -> httpx.Response:
        """A form of the page that is shown, followed to the page behind it."""
        token = _TOKEN.search(self.page)
        sent = {"token": token[1] if token else "", **fields}
        answer = await self.http.post(path, data=sent, headers=headers, follow_redirects=True)
        return self._seen(answer)

    async def open_link(self, path: str, born: dict[str, str] = BORN) -> httpx.Response:
        """Follow a link, press its button, type a birth date."""
        await self.get(path)
        await self.post(path)
        return await self.post("/portal/birth-date", **born)

    async def type_code(self, code: str, born: dict[str, str] = BORN) -> httpx.Response:
        await self.get("/portal/enter")
        return await self.post("/portal/enter", code=code, **born)

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page, re.DOTALL)
        return unescape(found[1]) if found else ""

    @property
    def is_in(self) -> bool:
        return 'action="/portal/sign-out"' in self.page

    def cookie(self, name: str) -> str:
        return self.http.cookies.get(name) or ""

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        self.page = answer.text
        self.path = answer.url.path
        return answer
