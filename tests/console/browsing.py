"""A browser without JavaScript: it keeps cookies, says where it comes from, and posts forms as found."""

import re
from html import unescape

import httpx

FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


class Browser:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page = ""

    async def get(self, path: str) -> httpx.Response:
        """The page at the end of all redirects."""
        answer = await self.http.get(
            path, headers={"Sec-Fetch-Site": "none"}, follow_redirects=True
        )
        self.page = answer.text
        return answer

    async def post(
        self, path: str, headers: dict[str, str] = FORM, **fields: str
    ) -> httpx.Response:
        """A form of the page that is shown, followed to the page behind it."""
        token = _TOKEN.search(self.page)
        sent = {"token": token[1] if token else "", **fields}
        answer = await self.http.post(path, data=sent, headers=headers, follow_redirects=True)
        self.page = answer.text
        return answer

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page, re.DOTALL)
        return unescape(found[1]) if found else ""

    def cookie(self, name: str) -> str:
        return self.http.cookies.get(name) or ""

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.page)
        assert match, pattern
        return unescape(str(match[1]))
