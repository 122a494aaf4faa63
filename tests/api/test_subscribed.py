"""Subscriptions to indicators: by credential, few, and over with it."""

import pytest

from dashboard.api.problems import Problem
from dashboard.api.subscribed import MOST, MOST_CREDENTIALS, Subscribed
from dashboard.auth.identity import SCOPES, Identity, Role, Via

WANTED = (("RSI_14",), "NIFTY 50", "NIFTY", "5m")


def caller(credential: str) -> Identity:
    return Identity(
        account_id=1,
        name="owner",
        role=Role.OWNER,
        scopes=SCOPES[Role.OWNER],
        via=Via.TOKEN,
        credential=credential,
        expires_s=None,
    )


def test_another_credential_of_the_account_has_its_own():
    kept = Subscribed()
    made = kept.add(caller("s:one"), *WANTED)
    assert kept.of(caller("s:one")) == [made]
    assert kept.of(caller("k:two")) == []
    with pytest.raises(Problem) as caught:
        kept.remove(caller("k:two"), made.id)
    assert caught.value.status == 404


def test_they_end_with_their_credential():
    kept = Subscribed()
    kept.add(caller("s:one"), *WANTED)
    kept.forget("s:one")
    assert kept.of(caller("s:one")) == []


def test_there_are_few_of_a_credential_and_few_credentials():
    kept = Subscribed()
    for number in range(MOST):
        kept.add(caller("s:one"), (f"RSI_{number + 2}",), *WANTED[1:])
    with pytest.raises(Problem) as caught:
        kept.add(caller("s:one"), ("EMA_20",), *WANTED[1:])
    assert caught.value.status == 409
    for number in range(MOST_CREDENTIALS):
        kept.add(caller(f"s:{number}"), *WANTED)
    assert kept.of(caller("s:one")) == []
