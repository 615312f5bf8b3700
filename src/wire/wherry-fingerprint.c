/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "wire/wherry-fingerprint.h"
#include "wire/wherry-sdp-text.h"

static const struct
{
  const char *name;
  gsize length;
  gboolean strong;
} hashes[] = {
  [WHERRY_HASH_NONE] = { "none", 0, FALSE },        [WHERRY_HASH_SHA_1] = { "sha-1", 20, FALSE },
  [WHERRY_HASH_SHA_224] = { "sha-224", 28, FALSE }, [WHERRY_HASH_SHA_256] = { "sha-256", 32, TRUE },
  [WHERRY_HASH_SHA_384] = { "sha-384", 48, TRUE },  [WHERRY_HASH_SHA_512] = { "sha-512", 64, TRUE },
};

const char *
wherry_hash_get_name (WherryHash hash)
{
  g_return_val_if_fail ((guint) hash < G_N_ELEMENTS (hashes), NULL);
  return hashes[hash].name;
}

gsize
wherry_hash_get_length (WherryHash hash)
{
  g_return_val_if_fail ((guint) hash < G_N_ELEMENTS (hashes), 0);
  return hashes[hash].length;
}

gboolean
wherry_fingerprint_init (WherryFingerprint *self, WherryHash hash, const guint8 *bytes,
                         gsize length)
{
  memset (self, 0, sizeof *self);
  if (hash == WHERRY_HASH_NONE || length != wherry_hash_get_length (hash))
    return FALSE;
  self->hash = hash;
  self->length = length;
  memcpy (self->bytes, bytes, length);
  return TRUE;
}

static gboolean
fail (WherryFingerprint *self, GError **error, WherryError code, const char *message)
{
  memset (self, 0, sizeof *self);
  g_set_error (error, WHERRY_ERROR, code, "fingerprint: %s", message);
  return FALSE;
}

/* 2UHEX *(":" 2UHEX). The digits of unknown hashes are checked as well, only not kept. */
static gboolean
parse_digits (WherrySdpText text, guint8 *bytes, gsize *length)
{
  WherrySdpText pair;
  gsize n = 0;

  while (wherry_sdp_text_next (&text, ':', &pair))
    {
      if (pair.length != 2 || !g_ascii_isxdigit (pair.data[0]) || !g_ascii_isxdigit (pair.data[1])
          || n == WHERRY_HASH_LENGTH_MAX)
        return FALSE;
      bytes[n++] = (guint8) (g_ascii_xdigit_value (pair.data[0]) << 4
                             | g_ascii_xdigit_value (pair.data[1]));
    }
  *length = n;
  return n > 0;
}

gboolean
wherry_fingerprint_parse (WherryFingerprint *self, const char *value, gsize length, GError **error)
{
  WherrySdpText rest = { value, length };
  WherrySdpText name;

  memset (self, 0, sizeof *self);
  if (length == 0 || !wherry_sdp_text_next (&rest, ' ', &name) || !wherry_sdp_text_is_token (name)
      || rest.data == NULL)
    return fail (self, error, WHERRY_ERROR_PROTOCOL, "no hash name and digest");
  if (!parse_digits (rest, self->bytes, &self->length))
    return fail (self, error, WHERRY_ERROR_PROTOCOL,
                 "the digest is not pairs of hexadecimal digits with colons between");

  for (guint i = WHERRY_HASH_SHA_1; i < G_N_ELEMENTS (hashes); i++)
    if (wherry_sdp_text_equal_nocase (name, hashes[i].name))
      self->hash = (WherryHash) i;
  if (self->hash == WHERRY_HASH_NONE)
    return fail (self, error, WHERRY_ERROR_UNSUPPORTED, "unknown hash");
  if (self->length != hashes[self->hash].length)
    return fail (self, error, WHERRY_ERROR_PROTOCOL, "the digest has not its hash's length");
  /* RFC 8122 section 5 requires SHA-256 and forbids MD2 and MD5; SHA-1 is broken as well. */
  if (!hashes[self->hash].strong)
    return fail (self, error, WHERRY_ERROR_UNSUPPORTED, "a hash weaker than SHA-256");
  return TRUE;
}

char *
wherry_fingerprint_to_string (const WherryFingerprint *self)
{
  GString *string = g_string_new (wherry_hash_get_name (self->hash));

  for (gsize i = 0; i < self->length; i++)
    g_string_append_printf (string, "%c%02X", i == 0 ? ' ' : ':', self->bytes[i]);
  return g_string_free (string, FALSE);
}

gboolean
wherry_fingerprint_equal (const WherryFingerprint *a, const WherryFingerprint *b)
{
  volatile guint8 difference = 0;

  /* hash and length are public; only the digests are compared without a branch */
  if (a->hash != b->hash || a->length != b->length || a->length == 0
      || a->length > WHERRY_HASH_LENGTH_MAX)
    return FALSE;
  for (gsize i = 0; i < a->length; i++)
    difference = difference | (a->bytes[i] ^ b->bytes[i]);
  return difference == 0;
}
