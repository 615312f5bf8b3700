# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys and tokens with the standard library alone."""

import base64
import hashlib
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


# ---- ES256 (FIPS 186-5 section 6.4), as slow as it is short ----

PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
BASE = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % PRIME == 0:
            return None
        slope = 3 * (a[0] * a[0] - 1) * pow(2 * a[1], -1, PRIME)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, PRIME)
    x = (slope * slope - a[0] - b[0]) % PRIME
    return x, (slope * (a[0] - x) - a[1]) % PRIME


def multiply(number, point):
    result = None
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def sign(private, data):
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    once = int.from_bytes(os.urandom(40), "big") % (ORDER - 1) + 1
    r = multiply(once, BASE)[0] % ORDER
    s = pow(once, -1, ORDER) * (digest + r * private) % ORDER
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def es256(private, kid="e", **claims):
    """The same claims as token()'s, signed by this number."""
    body = token(b"", kid, **claims).split(".")[1]
    signed = base64url(json.dumps({"alg": "ES256", "kid": kid}).encode()) + "." + body
    return signed + "." + base64url(sign(private, signed.encode()))
