from tests.collections.conftest import agency, at_elm, books, client, petra, proven

__all__ = ["agency", "at_elm", "books", "client", "petra", "proven"]
