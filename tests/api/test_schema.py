"""Everything that the OpenAPI allows is asked, and every answer is one that it announces."""

import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.auth.identity import Role
from dashboard.pipeline.desk import Desk
from tests.api.people import People

EXAMPLES = 8  # of each operation, good ones and as many bad ones
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


ASKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_answer_is_announced(app: FastAPI, morning: Desk, people: People):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    headers = people.headers(Role.OWNER)
    failures = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.definition.raw.get("operationId") in NOT_HERE:
            continue

        for mode in GenerationMode:
            try:
                _ask_all(operation, mode, headers)
            except Unsatisfiable:
                continue  # nothing can be wrong where there is nothing to say
            except (Exception, ExceptionGroup) as error:
                failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)


def _ask_all(
    operation: schemathesis.APIOperation, mode: GenerationMode, headers: dict[str, str]
) -> None:
    @ASKED
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


NOT_HERE = (
    "auth_logout",  # it would end the sign-in that the rest is asked with
    "auth_login",  # it waits on purpose
    "auth_refresh",
)


def test_every_operation_says_what_it_is(client: TestClient):
    document = client.get("/openapi.json").json()
    names = set()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            where = f"{method} {path}"
            assert told["tags"], where
            assert told["summary"], where
            names.add(told["operationId"])
            for parameter in told.get("parameters", ()):
                assert parameter.get("description"), (where, parameter["name"])
                examples = parameter["schema"].get("examples") or parameter.get("examples")
                assert examples or "example" in parameter, (where, parameter["name"])
            if path not in PUBLIC:
                assert told["security"], where
                assert {"401", "403"} <= set(told["responses"]), where
    assert len(names) == sum(len(methods) for methods in document["paths"].values())


PUBLIC = (
    "/health/live",
    "/health/ready",
    "/v1/auth/login",
    "/v1/auth/refresh",
    "/v1/auth/logout",
    "/v1/auth/.well-known/jwks.json",
)


def test_every_model_has_an_example(client: TestClient):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name, told in schemas.items():
        has_own = told.get("examples") or told.get("example") or "enum" in told
        of_fields = [each.get("examples") for each in told.get("properties", {}).values()]
        assert has_own or any(of_fields), name


def test_every_reference_leads_somewhere(client: TestClient):
    text = client.get("/openapi.json").text
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for part in text.split("#/components/schemas/")[1:]:
        assert part.split('"')[0] in schemas
