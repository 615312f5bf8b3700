# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys and tokens with the standard library alone."""

import base64
import hmac
import json
import os
import time


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret_key(kid, secret):
    return {"kty": "oct", "kid": kid, "alg": "HS256", "k": base64url(secret)}


def write_keys(path, *keys):
    """At once, so that nobody reads half of it."""
    with open(os.open(path + ".new", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"keys": keys}, file)
    os.rename(path + ".new", path)


def token(secret, kid="k", header=None, **claims):
    """By HMAC, of an hour and the room r with every topic unless the claims say otherwise."""
    header = {"typ": "JWT", "alg": "HS256", "kid": kid, **(header or {})}
    claims = {"sub": "ann", "exp": int(time.time()) + 3600, "rooms": ["r"], "publish": ["**"],
              "subscribe": ["**"], **claims}
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = ".".join(base64url(json.dumps(each).encode()) for each in (header, claims))
    return signed + "." + base64url(hmac.new(secret, signed.encode(), "sha256").digest())
