"""docs/unverified.md and the checks: each claim with a tier has one check there, and only those."""

import re
from collections import Counter

from warmbook.live.checks import of_tier
from warmbook.live.cost import DEADLINES_S, estimate
from warmbook.live.tiers import MODULES

from ..documents import page

ROWS = re.findall(r"^\| ([\w-]+) \| ([^|]+) \| (.+) \| (.+) \|$", page("docs/unverified.md"), re.M)
CLAIMS = [(name, tier) for name, tier, _, _ in ROWS if name != "id"]
CHECKS = [(one.claim, str(one.tier)) for tier in DEADLINES_S for one in of_tier(tier)]


def test_every_row_is_read():
    lines = [line for line in page("docs/unverified.md").splitlines() if line.startswith("| ")]
    assert len(CLAIMS) == len(lines) - 1
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name, _ in CLAIMS)
    assert {tier for _, tier in CLAIMS} == {"0", "1", "2", "3", "4", "by hand"}


def test_each_id_stands_once():
    assert [name for name, count in Counter(name for name, _ in CLAIMS).items() if count > 1] == []
    assert [name for name, count in Counter(name for name, _ in CHECKS).items() if count > 1] == []


def test_each_claim_with_a_tier_has_its_check_and_no_check_is_without_a_claim():
    assert len(MODULES) >= len(DEADLINES_S)
    assert {claim for claim in CLAIMS if claim[1] != "by hand"} == set(CHECKS)


def test_the_page_states_cost_and_time_limit_of_each_tier():
    told = re.findall(
        r"^\| (\d) \| [^|]+ \| \$([\d.]+) \| (\d+) minutes \|$", page("docs/live.md"), re.M
    )
    wanted = [(one.tier, round(one.usd, 2), DEADLINES_S[one.tier] / 60) for one in estimate(4)]
    assert [(int(a), float(b), float(c)) for a, b, c in told] == wanted
