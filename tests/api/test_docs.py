"""The documentation page: its own, strict, and from no other host."""

import re

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/docs.css"])
def test_nothing_comes_from_another_host(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 200
    assert not re.search(r"(https?:)?//[a-z]", answer.text.replace("// List", ""))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_has_no_script_or_style_of_its_own(client: TestClient):
    text = client.get("/docs").text
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert not re.search(r"\son\w+=", text)
