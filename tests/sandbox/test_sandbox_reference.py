"""Every setting of the sandbox is explained, and so is every action of its stage: one without a word fails here."""

from __future__ import annotations

import re

from recoup.sandbox.reference import render

ROWS = [line for line in render().splitlines() if line.startswith("| `")]


def test_every_setting_and_action_has_a_word_of_explanation() -> None:
    silent = [row for row in ROWS if not re.search(r"\| [^|]*\w{3}[^|]* \|$", row)]
    assert silent == []


def test_the_page_knows_settings_of_every_group_and_actions_of_every_stage() -> None:
    names = {row.split("`")[1] for row in ROWS}
    assert {"access_token_lifetime", "lockout_failures", "poison", "deactivate_account", "front_door_outage"} <= names


def test_the_matrix_is_on_it() -> None:
    assert "| createPackages | not permitted | not permitted | PACKAGE_CREATED |" in render()
