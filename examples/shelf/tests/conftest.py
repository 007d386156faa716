from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from shelf.catalogue import Catalogue
from shelf.config import Settings
from shelf.store import Store


@dataclass
class Calendar:
    """A day that only a test moves on."""

    day: date = date(2024, 5, 31)

    def __call__(self) -> date:
        return self.day

    def pass_days(self, days: int) -> None:
        self.day += timedelta(days=days)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def catalogue(tmp_path: Path, calendar: Calendar) -> Iterator[Catalogue]:
    settings = Settings(database=tmp_path / "shelf.db", max_loans=2)
    with Store(settings.database) as store:
        yield Catalogue(store, settings, calendar)
