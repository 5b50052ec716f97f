"""What readers are told is what tests/golden/texts has; `make golden` writes it again."""

import pytest

from warmbook.texts import LANGUAGES

from .wording import SECTIONS, golden, rendered


@pytest.fixture(autouse=True)
def no_rehearsal(monkeypatch):
    monkeypatch.delenv("WARMBOOK_REHEARSAL_URL", raising=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wording_is_the_golden_one(language):
    assert rendered(language).splitlines() == golden(language).read_text("utf-8").splitlines()


def part(language, title):
    return golden(language).read_text("utf-8").partition(f"\n# {title}\n")[2].partition("\n# ")[0]


@pytest.mark.parametrize("title", SECTIONS)
def test_no_section_is_empty_or_the_same_in_both_languages(title):
    english, spanish = (part(language, title).strip() for language in LANGUAGES)
    assert english and spanish
    assert english != spanish
