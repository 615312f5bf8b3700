/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-token-key.h"

#include <string.h>

#include <jwt.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-base64url.h"

/* RFC 7518 section 3.2: at least as long as the hash; longer than its block only hashes more. */
#define SECRET_MIN 32u
#define SECRET_MAX 512u
#define HASH_BYTES 32u
/* RFC 7518 sections 6.2.1.2 and 3.4: a coordinate, and two numbers of that size. */
#define COORDINATE_BYTES 32u
#define ES256_BYTES 64u
#define TEXT_MAX 1024u

struct _WherryTokenKey
{
  char *id;
  WherryTokenAlgorithm algorithm;
  guint8 *key; /* what libjwt takes: the secret, or a public key in PEM, NUL-terminated */
  gsize key_length;
};

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, text);
  return FALSE;
}

static void
wipe (guint8 *data, gsize length)
{
  explicit_bzero (data, length);
  g_free (data);
}

/* ---- reading one ---- */

static gboolean
read_secret (WherryTokenKey *self, WherryJsonObject *jwk, GError **error)
{
  const char *text;

  if (!wherry_json_object_get_string (jwk, "k", TEXT_MAX, &text, error))
    return FALSE;
  self->key = wherry_base64url_decode (text, strlen (text), &self->key_length);
  if (self->key == NULL)
    return fail (error, "k is not base64url without padding");
  if (self->key_length < SECRET_MIN || self->key_length > SECRET_MAX)
    return fail (error, "a secret for HS256 has 32 to 512 bytes");
  return TRUE;
}

static gboolean
read_coordinate (WherryJsonObject *jwk, const char *name, guint8 *out, GError **error)
{
  g_autofree guint8 *bytes = NULL;
  const char *text;
  gsize length;

  if (!wherry_json_object_get_string (jwk, name, TEXT_MAX, &text, error))
    return FALSE;
  bytes = wherry_base64url_decode (text, strlen (text), &length);
  if (bytes == NULL || length != COORDINATE_BYTES)
    return fail (error, "x and y are 32 bytes each, in base64url without padding");
  memcpy (out, bytes, length);
  return TRUE;
}

/* SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480 section 2), in PEM. */
static gboolean
read_point (WherryTokenKey *self, WherryJsonObject *jwk, GError **error)
{
  static const guint8 prefix[]
      = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
          0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
  guint8 info[sizeof prefix + 2 * COORDINATE_BYTES];
  g_autofree char *base64 = NULL;
  GString *pem;
  const char *curve;

  if (!wherry_json_object_get_string (jwk, "crv", TEXT_MAX, &curve, error))
    return FALSE;
  if (strcmp (curve, "P-256") != 0)
    return fail (error, "a key for ES256 is on the curve P-256");
  if (wherry_json_object_has (jwk, "d"))
    return fail (error, "d is the private half: it belongs to who makes tokens alone");
  memcpy (info, prefix, sizeof prefix);
  if (!read_coordinate (jwk, "x", info + sizeof prefix, error)
      || !read_coordinate (jwk, "y", info + sizeof prefix + COORDINATE_BYTES, error))
    return FALSE;
  base64 = g_base64_encode (info, sizeof info);
  pem = g_string_new ("-----BEGIN PUBLIC KEY-----\n");
  for (const char *line = base64; *line != '\0'; line += MIN (strlen (line), 64))
    g_string_append_printf (pem, "%.64s\n", line);
  g_string_append (pem, "-----END PUBLIC KEY-----\n");
  self->key_length = pem->len;
  self->key = (guint8 *) g_string_free (pem, FALSE);
  return TRUE;
}

static gboolean
read_key (WherryTokenKey *self, WherryJsonObject *jwk, GError **error)
{
  const char *type, *algorithm, *use, *id;
  gboolean is_secret;

  if (!wherry_json_object_get_string (jwk, "kty", TEXT_MAX, &type, error)
      || !wherry_json_object_get_string (jwk, "alg", TEXT_MAX, &algorithm, error)
      || !wherry_json_object_get_string_or (jwk, "use", TEXT_MAX, "sig", &use, error)
      || !wherry_json_object_get_string_or (jwk, "kid", WHERRY_TOKEN_KEY_ID_MAX, NULL, &id, error))
    return FALSE;
  if (!wherry_token_algorithm_from_string (algorithm, &self->algorithm))
    return fail (error, "alg is neither HS256 nor ES256");
  if (strcmp (use, "sig") != 0)
    return fail (error, "use is not sig");
  is_secret = self->algorithm == WHERRY_TOKEN_HS256;
  if (strcmp (type, is_secret ? "oct" : "EC") != 0)
    return fail (error, "kty is oct with HS256, EC with ES256");
  self->id = g_strdup (id);
  return is_secret ? read_secret (self, jwk, error) : read_point (self, jwk, error);
}

WherryTokenKey *
wherry_token_key_new (WherryJsonObject *jwk, GError **error)
{
  g_autoptr (WherryTokenKey) self = g_new0 (WherryTokenKey, 1);
  g_autoptr (GError) inner = NULL;

  if (read_key (self, jwk, &inner))
    return g_steal_pointer (&self);
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "%s", inner->message);
  return NULL;
}

WherryTokenKey *
wherry_token_key_new_decoy (void)
{
  WherryTokenKey *self = g_new0 (WherryTokenKey, 1);

  self->algorithm = WHERRY_TOKEN_HS256;
  self->key_length = SECRET_MIN;
  self->key = g_malloc (SECRET_MIN + 1);
  for (guint i = 0; i <= SECRET_MIN; i++)
    self->key[i] = (guint8) g_random_int ();
  return self;
}

void
wherry_token_key_free (WherryTokenKey *self)
{
  if (self->key != NULL)
    wipe (self->key, self->key_length);
  g_free (self->id);
  g_free (self);
}

const char *
wherry_token_key_get_id (WherryTokenKey *self)
{
  return self->id;
}

WherryTokenAlgorithm
wherry_token_key_get_algorithm (WherryTokenKey *self)
{
  return self->algorithm;
}

/* ---- verifying ---- */

/* As long for a wrong first byte as for a wrong last one. */
static gboolean
is_equal (const guint8 *a, const guint8 *b, gsize length)
{
  volatile guint8 difference = 0;

  for (gsize i = 0; i < length; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

static gboolean
has_right_code (WherryTokenKey *self, WherryToken *token)
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, self->key, self->key_length);
  guint8 code[HASH_BYTES];
  gsize length = sizeof code, n;
  const guint8 *signature = wherry_token_get_signature (token, &n);

  g_hmac_update (hmac, (const guint8 *) wherry_token_get_text (token),
                 (gssize) wherry_token_get_signed_length (token));
  g_hmac_get_digest (hmac, code, &length);
  return n == sizeof code && is_equal (code, signature, sizeof code);
}

/* libjwt takes the algorithm from the token's header, which is why that was compared first, and
 * does not say that its comparison of codes takes the same time for each: what has the wrong one
 * does not come to it. */
static gboolean
passes_library (WherryTokenKey *self, const char *text)
{
  jwt_alg_t expected = self->algorithm == WHERRY_TOKEN_HS256 ? JWT_ALG_HS256 : JWT_ALG_ES256;
  jwt_t *jwt = NULL;
  gboolean passed;

  if (jwt_decode (&jwt, text, self->key, (int) self->key_length) != 0)
    return FALSE;
  passed = jwt_get_alg (jwt) == expected;
  jwt_free (jwt);
  return passed;
}

gboolean
wherry_token_key_verify (WherryTokenKey *self, WherryToken *token)
{
  gsize length;

  if (wherry_token_get_algorithm (token) != self->algorithm)
    return FALSE;
  if (self->algorithm == WHERRY_TOKEN_HS256)
    return has_right_code (self, token) && passes_library (self, wherry_token_get_text (token));
  /* libjwt on GnuTLS takes other sizes too */
  wherry_token_get_signature (token, &length);
  return length == ES256_BYTES && passes_library (self, wherry_token_get_text (token));
}
