from tests.collections.conftest import agency, books, petra, proven

__all__ = ["agency", "books", "petra", "proven"]
