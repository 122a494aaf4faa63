"""Signing in, who is calling, and API keys."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ScopeName = Literal["read", "replay", "export", "manage"]
RoleName = Literal["owner", "researcher", "viewer"]

ACCOUNT: dict[str, Any] = {
    "name": "aruna.rao",
    "role": "researcher",
    "scopes": ["export", "read", "replay"],
}
TOKENS: dict[str, Any] = {
    "access_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6...",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_expires_in": 1209600,
    "account": ACCOUNT,
}
ME: dict[str, Any] = {
    **ACCOUNT,
    "via": "token",
    "credential": "s:Zk1xqv0b",
    "expires": "2026-12-01T13:57:10+05:30",
}
KEY: dict[str, Any] = {
    "id": "3f9a01bc",
    "name": "notebook at home",
    "scopes": ["read"],
    "created": "2026-12-01T13:42:10+05:30",
    "expires": "2027-03-01T13:42:10+05:30",
    "last_used": None,
    "revoked": False,
}


JWK: dict[str, Any] = {
    "kty": "RSA",
    "use": "sig",
    "alg": "RS256",
    "kid": "f3...",
    "n": "u1S...",
    "e": "AQAB",
}


class SignIn(BaseModel):
    """Name and password, and the one-time code of an account that asks for one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"username": "aruna.rao", "password": "..."}]},
    )

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=512)
    code: str | None = Field(None, min_length=1, max_length=16, description="six digits")


class Account(BaseModel):
    """Who is signed in."""

    model_config = ConfigDict(json_schema_extra={"examples": [ACCOUNT]})

    name: str
    role: RoleName
    scopes: list[ScopeName]


class Tokens(BaseModel):
    """A new access token; the refresh token comes as an HttpOnly cookie."""

    model_config = ConfigDict(json_schema_extra={"examples": [TOKENS]})

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="seconds")
    refresh_expires_in: int = Field(description="seconds")
    account: Account


class Me(Account):
    """Who is calling, and what with."""

    model_config = ConfigDict(json_schema_extra={"examples": [ME]})

    via: Literal["token", "key", "page"]
    credential: str = Field(description="id of the session or key, no secret")
    expires: datetime | None


class Test(Me):
    """Says that a token or key is good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ok": True, **ME}]})

    ok: Literal[True]


class ApiKey(BaseModel):
    """An API key without its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [KEY]})

    id: str
    name: str
    scopes: list[ScopeName]
    created: datetime
    expires: datetime | None
    last_used: datetime | None = Field(description="true to the minute")
    revoked: bool


class ApiKeys(BaseModel):
    """The keys of the caller's account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [KEY]}]})

    items: list[ApiKey]


class WantedKey(BaseModel):
    """What a new key is for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "notebook at home", "scopes": ["read"], "days": 90}]
        },
    )

    name: str = Field(min_length=1, max_length=64)
    scopes: list[ScopeName] = Field(min_length=1, max_length=4)
    days: int | None = Field(90, ge=1, le=3650, description="null: it does not end by itself")


class NewKey(BaseModel):
    """A key just made; `key` is told this once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "3f9a01bc", "key": "tezi_3f9a01bc_..."}]}
    )

    id: str
    key: str


class Jwk(BaseModel):
    """A public key (RFC 7517)."""

    model_config = ConfigDict(json_schema_extra={"examples": [JWK]})

    kty: str
    use: str
    alg: str
    kid: str
    n: str
    e: str


class Jwks(BaseModel):
    """The public keys that check access tokens."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keys": [JWK]}]})

    keys: list[Jwk]
